"""What is known of a workspace, and what may become of it next."""

from typing import Final, Literal, get_args

import msgspec

from advisor.insights.campaigns import Offer
from advisor.intake.canonical import Canonical
from advisor.intake.described import Described
from advisor.intake.mapping import Mapping, Proposal, Role
from advisor.training.reached import Reached
from domain.calendar import DAY_MS

State = Literal["uploaded", "read", "mapping", "mapped", "training", "trained", "failed"]
"""Its file is to be read; its columns are to be confirmed; it is to be mapped; it can be trained on; it is to be
trained on; it has results; it was refused, with the reason. Of work under way there is `Progress`."""
STATES: Final[tuple[State, ...]] = get_args(State)
TO_DO: Final[tuple[State, ...]] = ("uploaded", "mapping", "training")
"""States in which `advisor.workspaces.worker` has something to do; a kill leaves them as they are."""

_NEXT: Final[dict[State, frozenset[State]]] = {
    "uploaded": frozenset({"read", "failed"}),
    "read": frozenset({"mapping"}),
    "mapping": frozenset({"mapped", "failed"}),
    "mapped": frozenset({"mapping", "training"}),
    "training": frozenset({"trained", "failed", "mapped"}),  # the last: cancelled
    "trained": frozenset({"mapping", "training"}),
    "failed": frozenset({"mapping", "training"}),
}
_NEEDS: Final[dict[State, str]] = {"mapping": "described", "training": "told"}
"""What must be known of it before."""


class Learn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it is to be trained on."""

    inactivity_days: int
    horizon_days: int
    offer: Offer = Offer()
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("inactivity_days", "horizon_days"):
            if not 1 <= getattr(self, name) <= 180:
                raise ValueError(f"{name} must lie between 1 and 180, it is {getattr(self, name)}")


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Of what is under way."""

    stage: str
    share: float
    """0 to 1, of the stage."""
    began_ms: int
    """The work as a whole."""
    at_ms: int


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """All but its tables."""

    id: str
    name: str
    """Of the file, as it is shown."""
    owner: str
    """Id of the key that sent it."""
    created_ms: int
    expires_ms: int
    size: int
    """Bytes."""
    state: State = "uploaded"
    error: str = ""
    """Why it has failed, a sentence."""
    described: Described | None = None
    proposed: dict[Role, Proposal] = {}
    mapping: Mapping | None = None
    told: Canonical | None = None
    learn: Learn | None = None


class StateError(ValueError):
    """It cannot come next; the message says what stands."""


def moved(workspace: Workspace, state: State, **changes: object) -> Workspace:
    """The workspace in its next state.

    Raises:
        StateError: that is none.
    """
    needed = _NEEDS.get(state)
    if state not in _NEXT[workspace.state] or (needed is not None and getattr(workspace, needed) is None):
        raise StateError(f"the workspace is {workspace.state}: it cannot become {state} now")
    return msgspec.structs.replace(workspace, state=state, **{"error": "", **changes})


def kept(workspace: Workspace, found: Reached | None) -> float | None:
    """Share of the file, 0 to 1, from which a training like the last one goes on; None where that ended, or goes on.

    Args:
        found: the training that lies in the workspace's folder, if one does.
    """
    learn = workspace.learn
    if found is None or learn is None or workspace.state == "training":
        return None
    facts = found.way.facts
    asked = (learn.inactivity_days * DAY_MS, learn.horizon_days * DAY_MS, learn.seed)
    return found.share if (facts.inactivity_ms, facts.horizon_ms, found.way.seed) == asked else None
