"""A real Grafana, where one answers, and what is seen of a board that is open in it."""

import base64
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from random import Random
from typing import Any, Final, NamedTuple

import httpx
import pytest
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as NotInTimeError

from connections.secrets import secret
from dashboards.grafana_server import FOLDER, SOURCE, Grafana
from dashboards.panels.told import USUALLY_EMPTY
from local_stack import docker
from local_stack.ports import free_ports
from tests.integration.place import eventually
from tests.integration.watching import as_asked

IMAGE: Final = "grafana/grafana:11.6.2"
COPY: Final = "-test"
"""Boards of tests have uids of their own, so that those of people stay as they are."""
ROW_PX: Final = 38
_WIDTH_PX: Final = 1600
_PATIENCE_MS: Final = 60_000
_REFUSED: Final = (
    "Unable to find field", "Only one frame", "Values must be in ascending order", "Panel plugin not found",
    "Data source not found", "An unexpected error happened",
)  # fmt: skip
_SECTIONS: Final = 'section[data-testid^="data-testid Panel header "]'
_SEEN: Final = f"""
[...document.querySelectorAll('{_SECTIONS}')].map(panel => ({{
  title: panel.dataset.testid.replace('data-testid Panel header ', ''),
  text: panel.innerText,
  error: panel.querySelector('[data-testid="data-testid Panel status error"],'
    + '[data-testid="data-testid Panel data error message"]') !== null,
  drawn: panel.querySelector('canvas,[role="cell"],[role="gridcell"]') !== null,
}}))
"""


class Running(NamedTuple):
    """One that tests may write to."""

    url: str
    auth: str | tuple[str, str]
    prometheus: str | None
    """As it reaches the Prometheus that it shall ask; None for that of the test, which listens on loopback."""

    @property
    def headers(self) -> dict[str, str]:
        """Say who asks."""
        if isinstance(self.auth, str):
            return {"Authorization": f"Bearer {self.auth}"}
        return {"Authorization": f"Basic {base64.b64encode(':'.join(self.auth).encode()).decode()}"}

    @property
    def server(self) -> Grafana:
        """As boards are pushed to it."""
        return Grafana(self.url, self.auth)


@contextmanager
def grafana(environ: Mapping[str, str] = os.environ) -> Iterator[Running]:
    """GRAFANA_URL, else a container; the test is skipped if there is neither."""
    if url := environ.get("GRAFANA_URL"):
        token = secret(environ, "GRAFANA_TOKEN")
        user, password = environ.get("GRAFANA_USER"), secret(environ, "GRAFANA_PASSWORD")
        if not token and not (user and password):
            pytest.skip("GRAFANA_URL is set, and neither GRAFANA_TOKEN nor GRAFANA_USER and GRAFANA_PASSWORD")
        yield Running(url, token or (str(user), str(password)), environ.get("GRAFANA_PROMETHEUS"))
    elif docker.engine_answers(environ):
        yield from _container()
    else:
        pytest.skip("no Grafana answers: GRAFANA_URL is not set, and there is no Docker engine to start one")


@contextmanager
def as_before(found: Running) -> Iterator[httpx.Client]:
    """Its HTTP API, until the end of the block; folder, data source and boards are then as they were."""
    with httpx.Client(base_url=found.url.rstrip("/"), headers=found.headers, timeout=30.0) as client:
        folder, source = client.get(f"/api/folders/{FOLDER}"), client.get(f"/api/datasources/uid/{SOURCE}")
        try:
            yield client
        finally:
            for board in client.get("/api/search", params={"tag": "ebbwatch"}).json():
                if board["uid"].endswith(COPY):
                    client.delete(f"/api/dashboards/uid/{board['uid']}")
            if source.status_code == httpx.codes.OK:
                client.put(f"/api/datasources/uid/{SOURCE}", json=source.json())
            else:
                client.delete(f"/api/datasources/uid/{SOURCE}")
            if folder.status_code != httpx.codes.OK:
                client.delete(f"/api/folders/{FOLDER}")


def copies(boards: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """With uids of their own."""
    return [board | {"uid": board["uid"] + COPY} for board in boards]


def drawable(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Its panels, without headings."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def answered(client: httpx.Client, panel: dict[str, Any]) -> str:
    """Why Grafana's data source does not answer a panel, empty if it does."""
    queries = [
        {
            "refId": target["refId"],
            "datasource": {"type": "prometheus", "uid": SOURCE},
            "expr": as_asked(target["expr"]),
            "format": target["format"],
            "instant": target.get("instant", False),
            "range": target.get("range", False),
            "intervalMs": 15_000,
            "maxDataPoints": 100,
        }
        for target in panel["targets"]
    ]
    answer = client.post("/api/ds/query", json={"queries": queries, "from": "now-15m", "to": "now"})
    results = answer.json().get("results", {})
    if errors := [result["error"] for result in results.values() if "error" in result]:
        return "; ".join(errors)
    if not answer.is_success or len(results) != len(queries):
        return f"{answer.status_code}: {answer.text[:200]}"
    values = [
        column
        for result in results.values()
        for frame in result.get("frames", ())
        for column in frame["data"]["values"]
    ]
    return "" if any(values) or USUALLY_EMPTY in panel["description"] else "no data"


def seen(page: Page, found: Running, board: dict[str, Any], theme: str) -> list[dict[str, Any]]:
    """Open a board and look at its panels when all have come: title, text, whether there is an error, a drawing."""
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    page.set_extra_http_headers(found.headers)
    # panels out of sight are not drawn; repeated ones need room
    page.set_viewport_size({"width": _WIDTH_PX, "height": (bottom * 2) * ROW_PX + 200})
    page.goto(
        f"{found.url.rstrip('/')}/d/{board['uid']}?kiosk&theme={theme}&var-ds={SOURCE}&from=now-15m&to=now"
    )
    wanted = len(drawable(board))
    all_have_come = (
        f"document.querySelectorAll('{_SECTIONS}').length >= {wanted}"
        """ && !document.querySelector('[aria-label="Panel loading bar"]')"""
        f" && {_SEEN}.every(panel => panel.drawn || panel.error || panel.text.trim() !== panel.title)"
    )
    with suppress(NotInTimeError):  # what is still missing then is told panel by panel
        page.wait_for_function(all_have_come, timeout=_PATIENCE_MS)
    looked: list[dict[str, Any]] = page.evaluate(_SEEN)
    return looked


def faults(board: dict[str, Any], looked: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with a board that is open; `looked` as of `seen`."""
    found = []
    for panel in drawable(board):
        title = re.sub(r"\\\$\w+", ".+", re.escape(panel["title"]))
        shown = [each for each in looked if re.fullmatch(title, each["title"])]
        if not shown:
            found.append(f"{panel['title']}: is not there")
        found += [f"{each['title']}: {why}" for each in shown if (why := _fault(panel, each))]
    return found


def _fault(panel: Mapping[str, Any], shown: Mapping[str, Any]) -> str:
    lines = [
        line.strip() for line in shown["text"].replace(shown["title"], "", 1).splitlines() if line.strip()
    ]
    if shown["error"]:
        return "an error"
    if refused := [sign for sign in _REFUSED if sign in shown["text"]]:
        return refused[0]
    if "Err" in lines:
        return "Err"
    if USUALLY_EMPTY in panel["description"]:
        return ""
    if "No data" in lines:
        return "No data"
    return "" if shown["drawn"] or lines else "nothing is drawn"


def _container() -> Iterator[Running]:
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - slow, and needed only here

    (port,) = free_ports(1, Random())
    environ = {"GF_SERVER_HTTP_ADDR": "127.0.0.1", "GF_SERVER_HTTP_PORT": str(port),
               "GF_SECURITY_ADMIN_PASSWORD": "of-a-test", "GF_ANALYTICS_REPORTING_ENABLED": "false"}  # fmt: skip
    # on the host's network, so that it reaches the Prometheus of the test
    with DockerContainer(IMAGE, env=environ).with_kwargs(network_mode="host"):
        url = f"http://127.0.0.1:{port}"
        eventually("Grafana answers", lambda: _answers(url))
        yield Running(url, ("admin", "of-a-test"), None)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/health").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
