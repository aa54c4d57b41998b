"""From a step's states to what the store writes: packed records, ranking, timers, counters."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.packing import pack
from domain.state import States
from domain.steps import Step
from feature_store.outbox import members
from feature_store.outbox import names as names_of
from feature_store.position import Position
from feature_store.served import NEVER_SCORED, UNRANKED, Trailers, values
from feature_store.write import Write
from stream_processors.alerting import Scored


def write_of(
    step: Step,
    before: Position,
    states: States,
    users: Sequence[bytes],
    timers_before: npt.NDArray[np.int64],
    timers: npt.NDArray[np.int64],
    trailers_before: Trailers,
    scored: Scored,
    names: Mapping[int, str],
    recalled: Sequence[bytes] = (),
) -> Write:
    """What one step writes.

    Args:
        users: ids by slot.
        timers_before: timers as they stand in the store, ms by slot; brought up to date here.
        timers: those of the step's slots, as they are to be.
        trailers_before: the same of what is served.
        scored: of the step's slots.
        recalled: alerts that will not leave.
    """
    slots = step.slots
    touched = [users[s] for s in slots.tolist()]
    ranked, unranked = ranking_of(touched, trailers_before["rank"][slots], scored.trailers["rank"])
    trailers_before[slots] = scored.trailers
    stored: list[Any] = [None] * (2 * len(touched))
    stored[0::2] = touched
    stored[1::2] = values(pack(states, slots), scored.trailers)
    erased: list[bytes] = []
    if len(step.erased):
        nobody = step.erased[states["id_count"][step.erased] == 0]
        trailers_before[nobody] = NEVER_SCORED
        erased = [users[s] for s in nobody.tolist()]
        stored = _without(stored, set(erased))

    moved = timers != timers_before[slots]
    timers_before[slots] = timers
    timed: list[Any] = []
    untimed: list[Any] = []
    for user, timer in zip((users[s] for s in slots[moved].tolist()), timers[moved].tolist(), strict=True):
        if timer:
            timed += (timer, user)
        else:
            untimed.append(user)

    counts: list[Any] = [x for pair in step.outcomes.items() for x in pair]
    if step.gaps:
        counts += ("gaps", step.gaps, "gap_seconds", step.gap_seconds)
    return Write(
        after=before.after(step.progress).encode(),
        users=stored,
        erased=erased,
        ranked=ranked,
        unranked=unranked,
        timers=timed,
        untimed=untimed,
        counts=counts,
        names=[x for pair in names.items() for x in pair],
        forget=step.progress.upto,
        dropped=names_of(step.dropped),
        kept=members(step.kept),
        recalled=list(recalled),
        alerts=scored.alerts,
    )


def _without(stored: Sequence[Any], erased: Collection[bytes]) -> list[Any]:
    pairs = zip(stored[0::2], stored[1::2], strict=True)
    return [x for pair in pairs if pair[0] not in erased for x in pair]


def ranking_of(
    users: Sequence[bytes], before: npt.NDArray[np.uint8], after: npt.NDArray[np.uint8]
) -> tuple[list[Any], list[Any]]:
    """Ranks to set (score, id) and to drop (id), where they have changed."""
    moved = np.flatnonzero(before != after)
    staying = moved[after[moved] != UNRANKED]
    ranked: list[Any] = [None] * (2 * len(staying))
    ranked[0::2] = after[staying].tolist()
    ranked[1::2] = [users[i] for i in staying.tolist()]
    return ranked, [users[i] for i in moved[after[moved] == UNRANKED].tolist()]
