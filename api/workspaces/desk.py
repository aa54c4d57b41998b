"""Workspaces as the routes use them: whose they are, what is in them. Called in threads: disks take their time."""

import json
import secrets
import string
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from advisor.exports.names import CHARTS, SHOWN, Chart
from advisor.insights.campaigns import Campaign, Choice, Offer, scenario
from advisor.training.names import AT_RISK, SUMMARY
from advisor.training.reached import reached
from advisor.workspaces.folders import (
    ACTIONS,
    CONTACTS,
    PAUSED,
    PROFILE,
    RESULTS,
    ROWS,
    THRESHOLD,
    UnknownWorkspaceError,
    Workspaces,
)
from advisor.workspaces.workspace import Learn, StateError, Workspace, kept, moved
from api.problems import ProblemError
from api.workspaces.customers import CustomersView, OneCustomer, Wanted, page
from api.workspaces.customers import one as customer
from api.workspaces.shelf import Held, Shelf
from api.workspaces.sorting import Sort
from api.workspaces.supposing import row_of
from api.workspaces.views import LearnSaid, Supposed, WorkspaceView, view
from domain.actions import with_edits
from domain.control import ApiKey
from storage.durable import replacing

_SIGNS: Final = string.ascii_lowercase + "234567"
_LENGTH: Final = 26
"""130 bits: nobody guesses one."""
_DAY_MS: Final = 86_400_000


def new_id() -> str:
    """Of a workspace."""
    return "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))


class Desk:
    """Of one API process."""

    def __init__(self, root: str, days: int) -> None:
        """
        Args:
            days: after which a workspace goes.
        """
        self.workspaces = Workspaces(Path(root))
        self._days = days
        self._shelf = Shelf()

    def begin(self) -> Path:
        """A place for a file that comes."""
        self.workspaces.root.mkdir(parents=True, exist_ok=True)
        return self.workspaces.root / f".sent-{new_id()}"

    def opened(self, key: ApiKey, name: str, sent: Path) -> Workspace:
        """A new one, of a file that has come."""
        now = int(time.time() * 1000)
        made = Workspace(
            id=new_id(), name=name, owner=key.id, created_ms=now, expires_ms=now + self._days * _DAY_MS,
            size=sent.stat().st_size,
        )  # fmt: skip
        self.workspaces.create(made, sent)
        return made

    def all(self, key: ApiKey) -> list[Workspace]:
        """Those that the key may see, the newest first."""
        found = []
        for id_ in self.workspaces.ids():
            try:
                found.append(self.one(key, id_))
            except ProblemError:
                continue
        return sorted(found, key=lambda w: (-w.created_ms, w.id))

    def one(self, key: ApiKey, id_: str) -> Workspace:
        """Raises 404 for one that is not there, or is somebody else's."""
        try:
            found = self.workspaces.read(id_)
        except UnknownWorkspaceError:
            found = None
        if found is None or (found.owner != key.id and "admin" not in key.scopes):
            raise ProblemError(404, "unknown_workspace", "there is no such workspace, or not any more")
        return found

    def changed(self, key: ApiKey, id_: str, state: Any, **changes: object) -> Workspace:
        """The workspace in its next state; raises 404, or 409 where it cannot come now."""
        self.one(key, id_)
        try:
            return self.workspaces.change(id_, lambda w: moved(w, state, **changes))
        except UnknownWorkspaceError as fault:
            raise ProblemError(404, "unknown_workspace", _GONE) from fault
        except StateError as fault:
            raise ProblemError(409, "not_now", str(fault)) from fault

    def delete(self, key: ApiKey, id_: str) -> None:
        """All of it."""
        self.one(key, id_)
        try:
            self.workspaces.delete(id_)
        except UnknownWorkspaceError as fault:
            raise ProblemError(404, "unknown_workspace", _GONE) from fault

    def train(self, key: ApiKey, id_: str, said: LearnSaid) -> Workspace:
        """Ask for a training."""
        inactivity = said.inactivity_days
        if inactivity is None:
            inactivity = int(json.loads(self.read(key, id_, THRESHOLD))["days"])
        learn = Learn(
            inactivity_days=inactivity,
            horizon_days=said.horizon_days or min(max(inactivity // 2, 7), 90),
            offer=_offer(said),
            seed=said.seed,
        )
        return self.changed(key, id_, "training", learn=learn)

    def seen(self, workspace: Workspace) -> WorkspaceView:
        """A workspace as callers see it."""
        found = reached(self.workspaces.root / workspace.id / PAUSED)
        return view(workspace, self.workspaces.progress(workspace.id), kept(workspace, found))

    def read(self, key: ApiKey, id_: str, name: str) -> bytes:
        """A file of the workspace; raises 409 where it is not there yet."""
        self.one(key, id_)
        try:
            return (self.workspaces.folder(id_) / name).read_bytes()
        except (FileNotFoundError, UnknownWorkspaceError) as fault:
            raise ProblemError(409, "not_yet", _NOT_YET.get(name, _NO_RESULTS)) from fault

    def summary(self, key: ApiKey, id_: str) -> bytes:
        """`advisor.training.training.Summary` as JSON."""
        return self.read(key, id_, f"{RESULTS}/{SUMMARY}")

    def charts(self, key: ApiKey, id_: str) -> list[Chart]:
        """Those that have been drawn."""
        self.one(key, id_)
        return [name for name in SHOWN if self._chart(id_, name, "svg") is not None]

    def chart(self, key: ApiKey, id_: str, name: str, form: str) -> bytes:
        """One of them as an image; raises 404 for a name that is none, 409 where it has not been drawn yet."""
        self.one(key, id_)
        known = next((one for one in SHOWN if one == name), None)
        if known is None:
            raise ProblemError(404, "unknown_chart", f"there is no such chart; there are {', '.join(SHOWN)}")
        path = self._chart(id_, known, form)
        if path is None:
            raise ProblemError(409, "not_yet", "the chart has not been drawn yet")
        return path.read_bytes()

    def _chart(self, id_: str, name: Chart, form: str) -> Path | None:
        try:
            folder = self.workspaces.folder(id_)
        except UnknownWorkspaceError:
            return None
        paths = (place / CHARTS / f"{name}.{form}" for place in (folder, folder / RESULTS))
        return next((path for path in paths if path.exists()), None)

    def preview(self, key: ApiKey, id_: str, rows: int) -> list[dict[str, Any]]:
        """First rows of the file, as text."""
        import pyarrow.parquet as pq  # noqa: PLC0415 - most processes never need it

        self.one(key, id_)
        path = self.workspaces.folder(id_) / ROWS
        if not path.exists():
            raise ProblemError(409, "not_yet", "the file has not been read yet")
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(rows):
                found: list[dict[str, Any]] = batch.to_pylist()
                return found
        return []

    def actions(self, key: ApiKey, id_: str) -> dict[str, dict[str, str]]:
        """What is recommended, by theme and tier: the table of the workspace."""
        self.one(key, id_)
        try:
            edits = (self.workspaces.folder(id_) / ACTIONS).read_bytes()
        except (FileNotFoundError, UnknownWorkspaceError):
            edits = b"{}"
        return with_edits(edits)

    def edit_actions(
        self, key: ApiKey, id_: str, edits: Mapping[str, Mapping[str, str]]
    ) -> dict[str, dict[str, str]]:
        """Rows in place of the table's own, and of those of a former edit; the table then."""
        self.one(key, id_)
        content = msgspec.json.encode(edits)
        try:
            with self.workspaces.locked(id_) as folder, replacing(folder / ACTIONS) as file:
                file.write(content)
        except UnknownWorkspaceError as fault:
            raise ProblemError(404, "unknown_workspace", _GONE) from fault
        return with_edits(content)

    def customers(
        self, key: ApiKey, id_: str, wanted: Wanted, sort: Sort, start: int, limit: int
    ) -> CustomersView:
        """Some of the customers from `start` on."""
        return page(self.held(key, id_), wanted, sort, start, limit, self.actions(key, id_))

    def customer(self, key: ApiKey, id_: str, user: str) -> OneCustomer:
        """All that is known of a customer; raises 404 for one that the file does not have."""
        held = self.held(key, id_)
        row = row_of(held, user)
        try:
            return customer(held, row, self.workspaces.folder(id_), self.actions(key, id_))
        except (FileNotFoundError, UnknownWorkspaceError) as fault:
            raise ProblemError(409, "not_yet", _NO_RESULTS) from fault

    def simulate(self, key: ApiKey, id_: str, said: Supposed) -> Campaign:
        """What a campaign among those at risk would bring."""
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.compute as pc  # noqa: PLC0415

        table = self.held(key, id_).table
        table = table.filter(pc.is_in(table["tier"], pa.array(AT_RISK)))
        chosen = Choice(table["probability"].to_numpy(), table["value"].to_numpy())
        return scenario(said.scenario, chosen, _offer(said))

    def lists(self, key: ApiKey, id_: str, *, whom: bool) -> bytes:
        """CSV of everybody, or of whom it pays to contact by the offer of the training."""
        import pyarrow.parquet as pq  # noqa: PLC0415

        from advisor.exports.lists import predictions, targets  # noqa: PLC0415

        table = self.held(key, id_).table
        contacts = self.workspaces.folder(id_) / CONTACTS
        known = pq.read_table(contacts) if contacts.exists() else None
        learn = self.one(key, id_).learn
        if not whom:
            return predictions(table, known)
        return targets(table, known, Offer() if learn is None else learn.offer, self.actions(key, id_))

    def held(self, key: ApiKey, id_: str) -> Held:
        """What the last training has found; raises 409 where there is nothing yet."""
        self.one(key, id_)
        try:
            return self._shelf.results(self.workspaces.folder(id_) / RESULTS)
        except (FileNotFoundError, UnknownWorkspaceError) as fault:
            raise ProblemError(409, "not_yet", _NO_RESULTS) from fault


_GONE: Final = "there is no such workspace any more"
_NO_RESULTS: Final = "the workspace has no results yet"
_NOT_YET: Final = {
    PROFILE: "the columns have not been confirmed yet: PUT …/mapping",
    THRESHOLD: "the columns have not been confirmed yet: PUT …/mapping",
}


def _offer(said: LearnSaid | Supposed) -> Offer:
    return Offer(contact=said.contact, save_rate=said.save_rate, discount=said.discount)
