"""A Grafana, as far as boards need it: the one place that knows the client library; nobody maintains it any more."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from grafana_api.grafana_api import GrafanaClientError, GrafanaException, GrafanaUnauthorizedError
from grafana_api.grafana_face import GrafanaFace

LEAST_VERSION: Final = 10
"""Of Grafana: earlier ones do not know what the panels are made of."""
FOLDER: Final = "ebbwatch"
SOURCE: Final = "ebbwatch-prometheus"
_PATIENCE_S: Final = 10.0

Document = dict[str, Any]


class GrafanaError(Exception):
    """Grafana does not do what is asked; the message says why, and what to do."""


class Grafana:
    """Asks, and says in words why it does not get what it asks for."""

    def __init__(self, url: str, auth: str | tuple[str, str]) -> None:
        """
        Args:
            auth: token of a service account with the role Editor (Admin for the data source), or user and password.

        Raises:
            GrafanaError: no address of a Grafana.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise GrafanaError(f"GRAFANA_URL is {url!r}: it should look like http://127.0.0.1:3000")
        if parts.username or parts.password:
            raise GrafanaError("GRAFANA_URL holds a password: give it as GRAFANA_TOKEN or GRAFANA_PASSWORD")
        path = parts.path.strip("/")
        self._url = url.rstrip("/")
        self._face = GrafanaFace(
            auth, parts.hostname, parts.port, f"{path}/" if path else "", parts.scheme, timeout=_PATIENCE_S
        )

    def version(self) -> str:
        """Its version.

        Raises:
            GrafanaError: it is too old, or none.
        """
        found = self._asked("its health", lambda: self._face.api.GET("/health"))
        version = str(found.get("version", "")) if isinstance(found, dict) else ""
        number = version.partition(".")[0]
        if not number.isdigit():
            raise GrafanaError(f"what answers at {self._url} is no Grafana")
        if int(number) < LEAST_VERSION:
            raise GrafanaError(
                f"Grafana {version} at {self._url} is too old: boards want {LEAST_VERSION} or later"
            )
        return version

    def make_folder(self, title: str) -> bool:
        """The folder of the boards; whether it is new.

        Raises:
            GrafanaError: see there.
        """
        if self._there("the folder", lambda: self._face.api.GET(f"/folders/{FOLDER}")) is not None:
            return False
        self._asked("a folder", lambda: self._face.folder.create_folder(title, FOLDER))
        return True

    def make_source(self, prometheus: str) -> bool:
        """The data source, which asks that Prometheus; whether anything had to be done.

        Raises:
            GrafanaError: see there.
        """
        wanted = {
            "name": "Ebbwatch",
            "type": "prometheus",
            "access": "proxy",
            "url": prometheus,
            "uid": SOURCE,
        }
        there = self._there("the data source", lambda: self._face.api.GET(f"/datasources/uid/{SOURCE}"))
        if there is None:
            self._asked("a data source", lambda: self._face.datasource.create_datasource(wanted))
            return True
        if there.get("url") == prometheus:
            return False
        self._asked(
            "the data source", lambda: self._face.api.PUT(f"/datasources/uid/{SOURCE}", there | wanted)
        )
        return True

    def board(self, uid: str) -> Document | None:
        """A board as Grafana has it, without what it numbers itself; None if it has none.

        Raises:
            GrafanaError: see there.
        """
        found = self._there(f"the board {uid}", lambda: self._face.dashboard.get_dashboard(uid))
        return None if found is None else plain(found["dashboard"])

    def boards(self, tag: str) -> list[Document]:
        """All boards with a tag, by uid.

        Raises:
            GrafanaError: see there.
        """
        found = self._asked(
            "the boards", lambda: self._face.search.search_dashboards(tag=tag, type_="dash-db")
        )
        boards = [self.board(uid) for uid in sorted(each["uid"] for each in found)]
        return [board for board in boards if board is not None]

    def push(self, board: Document, message: str) -> None:
        """Put a board into the folder, in place of the one that is there.

        Raises:
            GrafanaError: see there.
        """
        sent = {"dashboard": board | {"id": None}, "folderUid": FOLDER, "overwrite": True, "message": message}
        self._asked(f"the board {board['uid']}", lambda: self._face.dashboard.update_dashboard(sent))

    def _there(self, what: str, ask: Callable[[], Any]) -> Any:
        try:
            return self._tried(what, ask)
        except GrafanaClientError as fault:
            if fault.status_code == requests.codes.not_found:
                return None
            raise self._named(what, fault) from fault

    def _asked(self, what: str, ask: Callable[[], Any]) -> Any:
        try:
            return self._tried(what, ask)
        except GrafanaClientError as fault:
            raise self._named(what, fault) from fault

    def _tried(self, what: str, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except GrafanaClientError:
            raise
        except GrafanaException as fault:
            raise GrafanaError(
                f"Grafana at {self._url} fails at {what}: {fault.message}; its log says why"
            ) from fault
        except (requests.RequestException, OSError) as fault:
            kind = "no JSON comes back" if isinstance(fault, ValueError) else type(fault).__name__
            raise GrafanaError(
                f"no Grafana answers at {self._url} ({kind}): is it up, and is GRAFANA_URL right?"
            ) from fault
        except ValueError as fault:
            raise GrafanaError(f"what answers at {self._url} is no Grafana: no JSON comes back") from fault

    def _named(self, what: str, fault: GrafanaClientError) -> GrafanaError:
        if isinstance(fault, GrafanaUnauthorizedError):
            return GrafanaError(
                f"Grafana at {self._url} does not know the token or password: make a service account token "
                "(Administration, Service accounts) and give it as GRAFANA_TOKEN"
            )
        if fault.status_code == requests.codes.forbidden:
            return GrafanaError(
                f"Grafana at {self._url} does not allow {what}: the token needs the role Editor, and Admin to "
                "make the data source"
            )
        if "provisioned" in str(fault.response).lower():
            return GrafanaError(
                f"{what} is provisioned from files there: change the files, or push to another Grafana"
            )
        return GrafanaError(f"Grafana at {self._url} refuses {what}: {fault.message}")


def plain(board: Document) -> Document:
    """Without what Grafana numbers by itself."""
    return {name: value for name, value in board.items() if name not in ("id", "version", "iteration")}
