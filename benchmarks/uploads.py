"""Files sent to the advisor, as somebody sends them by HTTP."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx

from benchmarks.deployment import Deployment, WorkerError
from benchmarks.servers import new_key
from benchmarks.stream.contestants import ROOT

PATH: Final = "/v1/workspaces"


@contextmanager
def advising(here: Deployment, port: int) -> Iterator[httpx.Client]:
    """An advisor beside the API at a port, and who may send files to it."""
    headers = {"Authorization": f"Bearer {new_key(here, 'workspaces')}"}
    with (here.home / "advisor.log").open("wb") as log:
        advisor = subprocess.Popen(
            [sys.executable, "-m", "ebbwatch", "advisor"],
            cwd=ROOT,
            env=here.environment(),
            stdout=log,
            stderr=log,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
            until(lambda: client.get("/v1/keys/self").status_code == 200, 60)  # it holds a second later
            yield client
    finally:
        advisor.terminate()
        advisor.wait(60)


def prepared(client: httpx.Client, content: bytes, patience_s: float) -> str:
    """A file of customer, date, total and perhaps channel, ready to be trained on; its id."""
    id_ = str(client.post(PATH, content=content).raise_for_status().json()["id"])
    until(lambda: client.get(f"{PATH}/{id_}").json()["state"] == "read", patience_s)
    named = {"customer": "customer", "date": "date", "amount": "total", "channel": "channel"}
    heads = content.split(b"\n", 1)[0].decode().strip().split(",")
    columns = {role: name for role, name in named.items() if name in heads}
    client.put(f"{PATH}/{id_}/mapping", json={"columns": columns}).raise_for_status()
    until(lambda: client.get(f"{PATH}/{id_}").json()["state"] == "mapped", patience_s)
    return id_


def until(holds: Callable[[], Any], patience_s: float) -> None:
    """
    Raises:
        WorkerError: it does not come to hold in time.
    """
    give_up = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > give_up:
            raise WorkerError("the advisor does not work on it")
        time.sleep(0.2)
