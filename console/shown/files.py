"""Files that people send: where one stands, what its columns are, and how far the work on it is."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from console.shown.words import minute, number, percent, title

STEPS: Final = ("Sent", "Columns", "Quality and silence", "Training", "Results")
_AT: Final[dict[str, int]] = {
    "uploaded": 0,
    "read": 1,
    "mapping": 1,
    "mapped": 2,
    "training": 3,
    "trained": 4,
}
WORKING: Final = ("uploaded", "mapping", "training")
"""States in which something is being done."""
_WORDS: Final[dict[str, str]] = {
    "uploaded": "being read",
    "read": "waits for its columns to be confirmed",
    "mapping": "being looked at",
    "mapped": "ready to be trained on",
    "training": "being trained on",
    "trained": "has results",
    "failed": "refused",
}
_KINDS: Final = {"trained": "low", "failed": "high"}
ROLES: Final = {
    "customer": "Customer",
    "date": "Date",
    "amount": "Amount",
    "quantity": "Quantity",
    "product": "Product",
    "order": "Order",
    "discount": "Discount",
    "type": "Type of event",
    "channel": "Channel",
    "plan": "Plan",
    "platform": "Platform",
    "geography": "Country or region",
    "category": "Category",
    "email": "E-mail",
    "name": "Name",
    "phone": "Phone",
}
NEEDED: Final = ("customer", "date", "amount")
AMOUNTS: Final = {"total": "of the whole line", "unit_price": "a price per piece, times the quantity"}
_MEGA: Final = 1_000_000
_MINUTE_S: Final = 60


def state_words(workspace: Mapping[str, Any]) -> str:
    """Where it stands."""
    return _WORDS[workspace["state"]]


def state_kind(workspace: Mapping[str, Any]) -> str:
    """Colour of the state's badge."""
    return _KINDS.get(workspace["state"], "gone")


def step(workspace: Mapping[str, Any]) -> int:
    """Which of `STEPS` it stands at; a refused one stands where it got to."""
    if workspace["state"] != "failed":
        return _AT[workspace["state"]]
    if workspace["events"] is not None:
        return 3
    return 1 if workspace["rows"] is not None else 0


def size_words(size: int) -> str:
    """Of bytes."""
    return f"{size / _MEGA:,.1f} MB" if size >= _MEGA else f"{max(size / 1000, 0.1):,.1f} kB"


def facts(workspace: Mapping[str, Any]) -> str:
    """In one line."""
    parts = [size_words(workspace["size"])]
    for name, words in (("rows", "rows"), ("events", "usable"), ("customers", "customers")):
        if workspace[name] is not None:
            parts.append(f"{number(workspace[name])} {words}")
    parts += [f"sent {minute(workspace['created'])}", f"deleted by itself {minute(workspace['expires'])}"]
    return " · ".join(parts)


def left_out(workspace: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Rows that cannot be used: why, and how many."""
    return [(title(why), number(rows)) for why, rows in workspace["rejected"].items()]


class Offer(NamedTuple):
    """What a column seems to mean."""

    column: str | None
    why: str


def offers(workspace: Mapping[str, Any]) -> dict[str, Offer]:
    """By role: the mapping that was confirmed, else what is proposed."""
    said, proposed = workspace["mapping"], workspace["proposed"]
    found = {}
    for role in ROLES:
        offer = proposed.get(role)
        column = (said["columns"].get(role) if said else None) if said else (offer and offer["column"])
        found[role] = Offer(column, offer["why"] if offer and offer["column"] == column else "")
    return found


def amount_is(workspace: Mapping[str, Any]) -> str:
    """What amounts are: as confirmed, else as proposed."""
    said = workspace["mapping"]
    return str(said["amount_is"] if said else workspace["proposed_amount_is"] or "total")


def mapping_said(chosen: Mapping[str, str | None], amount: str) -> dict[str, Any]:
    """Body of the call that confirms the columns."""
    return {"columns": {role: column for role, column in chosen.items() if column}, "amount_is": amount}


def lacking(chosen: Mapping[str, str | None]) -> str:
    """Which columns are still to be named, in a sentence; empty if none."""
    missing = [ROLES[role].lower() for role in NEEDED if not chosen.get(role)]
    return f"Say which columns are: {', '.join(missing)}." if missing else ""


class Watched(NamedTuple):
    """How far a stage was when it was seen first."""

    stage: str
    share: float
    at_ms: int


def watched(before: Watched | None, progress: Mapping[str, Any]) -> Watched:
    """The same stage as before keeps its beginning."""
    if before is not None and before.stage == progress["stage"]:
        return before
    return Watched(progress["stage"], progress["share"], progress["at_ms"])


def progress_words(progress: Mapping[str, Any], since: Watched) -> str:
    """The stage, and how long it will take at the pace since it was seen first."""
    said = f"{title(progress['stage'])}: {100 * progress['share']:.0f} %"
    done, took = progress["share"] - since.share, (progress["at_ms"] - since.at_ms) / 1000
    if done <= 0 or took < 2:
        return said
    return f"{said}, this stage for about {time_words(took / done * (1 - progress['share']))} more"


def kept_words(workspace: Mapping[str, Any]) -> str:
    """From where a training goes on that was cancelled; empty if none was."""
    kept, learn = workspace["kept"], workspace["learn"]
    if kept is None:
        return ""
    days = learn["inactivity_days"]
    return f"The last training was ended at {percent(kept, 0)}: one with {days} days of silence goes on from there."


def time_words(seconds: float) -> str:
    """Roughly."""
    return f"{seconds:.0f} s" if seconds < _MINUTE_S else f"{seconds / _MINUTE_S:.0f} min"


def preview_table(
    items: Sequence[Mapping[str, Any]], columns: Sequence[Mapping[str, Any]]
) -> list[list[str]]:
    """First rows, without the number of the row."""
    return [[str(row.get(column["name"]) or "") for column in columns] for row in items]
