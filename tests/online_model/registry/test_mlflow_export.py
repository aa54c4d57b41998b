"""A version in a real MLflow server; needs requirements/mlflow.txt here and a server program somewhere."""

import builtins
import os
import shlex
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from online_model.registry.manifest import Training
from online_model.registry.mlflow_export import ExportError, export
from online_model.registry.registry import Registry

KEY = b"a key of the tests, long enough"
SECONDS = 200.0
Trained = Callable[..., Training]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Address of an MLflow server with a database and a folder of its own."""
    pytest.importorskip("mlflow", reason="MLflow's client is not installed: requirements/mlflow.txt")
    program = os.environ.get("MLFLOW_SERVER_COMMAND") or shutil.which("mlflow")
    if not program:
        pytest.skip("no program `mlflow` on PATH, and MLFLOW_SERVER_COMMAND is not set")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(*shlex.split(program), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *(
            "--backend-store-uri",
            f"sqlite:///{tmp_path}/runs.db",
            "--artifacts-destination",
            f"{tmp_path}/files",
        ),
    ]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _await(f"http://127.0.0.1:{port}/health", process, tmp_path / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


def _await(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"MLflow did not answer: {log.read_text()[-2000:]}")


@pytest.mark.integration
@pytest.mark.mlflow
@pytest.mark.filterwarnings("default")  # of MLflow and what it stands on
def test_a_version_arrives_once_with_all_it_has(server: str, tmp_path: Path, training: Trained) -> None:
    from mlflow import MlflowClient  # noqa: PLC0415 - an extra
    from mlflow.artifacts import download_artifacts  # noqa: PLC0415

    registry = Registry(str(tmp_path / "registry"), KEY)
    registry.prepare()
    published = registry.publish(training(), {"weights": np.arange(3.0)}, {"learned": 3})
    version = registry.load(published.version)
    run = export(version, server, "churn")
    assert export(version, server, "churn") == run
    found = MlflowClient(tracking_uri=server).get_run(run)
    assert found.data.metrics == {"log_loss": 0.41}
    assert found.data.params["facts.horizon_ms"] == "2592000000"
    assert found.data.params["model.rate"] == "0.05"
    assert found.data.tags["ebbwatch.version"] == version.id
    assert found.info.status == "FINISHED"
    # what comes back is a version of a registry
    folder = tmp_path / "back" / version.id
    folder.mkdir(parents=True)
    download_artifacts(run_id=run, dst_path=str(folder), tracking_uri=server)
    again = Registry(str(tmp_path / "back"), KEY)
    again.prepare()
    assert again.load(version.id) == version


@pytest.mark.integration
@pytest.mark.mlflow
@pytest.mark.filterwarnings("default")
def test_a_server_that_is_away(tmp_path: Path, training: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow", reason="MLflow's client is not installed: requirements/mlflow.txt")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    registry = Registry(str(tmp_path), KEY)
    registry.prepare()
    version = registry.load(registry.publish(training(), None, [1]).version)
    with pytest.raises(ExportError, match=r"MLflow at http://127\.0\.0\.1:9 did not take version"):
        export(version, "http://127.0.0.1:9", "churn")


def test_without_the_client_it_says_how_to_get_it(
    tmp_path: Path, training: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("mlflow"):
            raise ModuleNotFoundError(name)
        return whole(name, *args, **kwargs)

    registry = Registry(str(tmp_path), KEY)
    registry.prepare()
    version = registry.load(registry.publish(training(), None, [1]).version)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ExportError, match=r"requirements/mlflow\.txt"):
        export(version, "http://127.0.0.1:9", "churn")
