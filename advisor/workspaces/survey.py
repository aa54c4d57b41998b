"""How all workspaces stand, for people who watch over the process that works on them."""

from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from advisor.workspaces.folders import UnknownWorkspaceError, Workspaces
from advisor.workspaces.workspace import STATES, TO_DO, State


class Seen(NamedTuple):
    """One of them."""

    id: str
    state: State
    changed_ms: int
    """When it came into its state, or was changed in it."""


class Survey(NamedTuple):
    """All of them at one moment."""

    ids: frozenset[str]
    states: Mapping[State, int]
    """How many are in each, also where none is."""
    waiting: int
    """Of them, those for whom something is to be done that has not begun."""
    since_ms: int | None
    """Since when the one waits that waits longest; None if none does."""


def surveyed(seen: Iterable[Seen], running: Container[str]) -> Survey:
    """What is told of them.

    Args:
        running: ids of those that are worked on.
    """
    found = list(seen)
    queue = queued(found, running)
    return Survey(
        ids=frozenset(each.id for each in found),
        states={state: sum(each.state == state for each in found) for state in STATES},
        waiting=len(queue),
        since_ms=queue[0].changed_ms if queue else None,
    )


def queued(seen: Iterable[Seen], running: Container[str]) -> list[Seen]:
    """Those for whom something is to be done that has not begun, who waits longest first.

    Args:
        running: ids of those that are worked on.
    """
    waiting = [each for each in seen if each.state in TO_DO and each.id not in running]
    return sorted(waiting, key=lambda each: (each.changed_ms, each.id))


def look(workspaces: Workspaces) -> list[Seen]:
    """All there are; one that goes meanwhile is left out."""
    found = []
    for id_ in workspaces.ids():
        try:
            found.append(Seen(id_, workspaces.read(id_).state, workspaces.changed_ms(id_)))
        except UnknownWorkspaceError:
            continue
    return found


def deleted(before: frozenset[str], now: frozenset[str], expired: Iterable[str]) -> int:
    """How many somebody has deleted between two looks.

    Args:
        expired: of those that were there before, or came since, which have gone by themselves.
    """
    return len(before - now - frozenset(expired))
