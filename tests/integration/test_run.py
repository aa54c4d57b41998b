"""`ebbwatch run`: all that people and product apps talk to, in one command."""

import signal
import subprocess
import sys
from random import Random

import httpx

from local_stack.ports import free_ports, is_free
from tests.integration.place import REPOSITORY, Place, eventually
from tests.processes import children_running


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def test_run_starts_api_advisor_and_console_and_ends_them(place: Place) -> None:
    api, console = free_ports(2, Random())
    here = place.but(api=True, advisor=True, console=True, api_port=api, console_port=console)
    command = [sys.executable, "-m", "ebbwatch", "run"]
    log = here.home.parent / "run.log"
    with log.open("wb") as output:
        running = subprocess.Popen(command, env=here.environ(), cwd=REPOSITORY, stdout=output, stderr=output)
    try:
        eventually("the console answers", lambda: answers(f"http://127.0.0.1:{console}/healthz"))
        eventually("the API answers", lambda: answers(f"http://127.0.0.1:{api}/healthz"))
        eventually("the advisor runs", lambda: children_running("advisor.workspaces.worker", running.pid))
        said = log.read_text("utf-8")
        assert f"Console on http://127.0.0.1:{console}" in said
        taken = here.call("run")
        assert taken.returncode == 1
        assert f"port {api} is taken" in taken.stderr
        assert "EBBWATCH_API=false" in taken.stderr
        taken = here.but(api_port=free_ports(1, Random())[0]).call("run")
        assert f"port {console} is taken, so the console cannot listen there" in taken.stderr
        assert "EBBWATCH_CONSOLE_PORT" in taken.stderr
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0, log.read_text("utf-8")
    finally:
        running.kill()
        running.wait()
    assert is_free(console)
    assert is_free(api)
