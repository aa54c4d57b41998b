"""A real Prometheus that reads the processes of a deployment, and what boards ask it."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import httpx
import pytest
import yaml

from local_stack.ports import free_ports
from tests.integration.place import REPOSITORY, eventually

RULES: Final = REPOSITORY / "dashboards" / "prometheus" / "rules" / "*.yml"
_FIXED: Final = {"by": "platform", "__rate_interval": "5m", "__range": "1h", "__interval": "15s"}
"""Of Grafana's variables; all others stand for everything."""


class Series(NamedTuple):
    """One of an answer."""

    labels: dict[str, str]
    value: float


class Prometheus:
    """Asked by HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=60.0)

    def get(self, path: str, **params: str) -> Any:
        """The data of an answer; a refusal fails the test with Prometheus' words."""
        body = self._client.get(path, params=params).json()
        assert body["status"] == "success", f"{params}: {body.get('error')}"
        return body["data"]

    def ask(self, expression: str) -> list[Series]:
        """An instant query."""
        found = self.get("/api/v1/query", query=expression)["result"]
        return [Series(each["metric"], float(each["value"][1])) for each in found]

    def value(self, expression: str) -> float:
        """Of a query with one series."""
        (series,) = self.ask(expression)
        return series.value

    def up(self) -> dict[str, str]:
        """Health of each target by job."""
        targets = self.get("/api/v1/targets", state="active")["activeTargets"]
        return {target["labels"]["job"]: target["health"] for target in targets}

    def close(self) -> None:
        """Let go of it."""
        self._client.close()


@contextmanager
def prometheus(folder: Path, targets: Mapping[str, str]) -> Iterator[Prometheus]:
    """Running, with the shipped rules, until the end of the block.

    Args:
        targets: address by job.
    """
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("no Prometheus is installed (Debian: apt-get install prometheus)")
    (port,) = free_ports(1, Random())
    folder.mkdir(parents=True)
    settings = {
        # what does not answer in time is gone for all queries until it does: on a busy machine that takes a while
        "global": {"scrape_interval": "5s", "scrape_timeout": "5s", "evaluation_interval": "2s",
                   "external_labels": {"ebbwatch": "http://127.0.0.1:8000"}},
        "rule_files": [str(RULES)],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [address]}]} for job, address in targets.items()
        ],
    }  # fmt: skip
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log,
        )  # fmt: skip
    found = Prometheus(f"http://127.0.0.1:{port}")
    try:
        eventually("Prometheus answers", lambda: _answers(found))
        yield found
    finally:
        found.close()
        process.terminate()
        process.wait(30)


def _answers(found: Prometheus) -> bool:
    try:
        return httpx.get(f"{found.url}/-/ready").status_code == 200
    except httpx.TransportError:
        return False


def as_asked(expression: str) -> str:
    """An expression of a board with its variables filled in, everything chosen."""
    chosen = re.sub(r"\$\{?(\w+)\}?", lambda found: _FIXED.get(found[1], ".*"), expression)
    return chosen.replace('=".*"', '=~".*"')  # of a panel that is repeated for each value
