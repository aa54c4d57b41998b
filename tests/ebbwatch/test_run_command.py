"""What `ebbwatch run` says before it begins."""

import socket
from pathlib import Path
from random import Random

import pytest

from ebbwatch.commands import run
from ebbwatch.settings import Settings
from local_stack.ports import HOST, free_ports


def test_it_says_where_the_api_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    port, console = free_ports(2, Random())
    run._announce(Settings(home=tmp_path, api_port=port, console_port=console))
    assert f"http://127.0.0.1:{port}" in capsys.readouterr().err


def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    with socket.create_server((HOST, 0)) as taken, pytest.raises(SystemExit, match="EBBWATCH_API_PORT"):
        run._announce(Settings(api_port=taken.getsockname()[1]))
