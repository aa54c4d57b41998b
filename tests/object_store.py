"""An object store for tests: moto's server, which speaks S3 on loopback."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import httpx
import pytest

from local_stack.ports import free_ports

BUCKET = "bucket"
Server = subprocess.Popen[bytes]


@contextmanager
def object_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A process of its own with an empty bucket, named in the environment: delta-rs keeps Python's lock while it
    waits for an answer."""
    (port,) = free_ports(1, Random())
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _make_bucket(f"http://127.0.0.1:{port}/{BUCKET}", running)
        yield running
    finally:
        running.kill()
        running.wait()


def _make_bucket(url: str, running: Server) -> None:
    give_up = time.monotonic() + 60
    while True:
        try:
            httpx.put(url, timeout=30.0).raise_for_status()
        except httpx.TransportError:
            assert running.poll() is None
            assert time.monotonic() < give_up
            time.sleep(0.1)
        else:
            return
