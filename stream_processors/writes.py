"""From a step's states to what the store writes: packed records, ranking, timers, counters."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.packing import pack
from domain.state import States
from domain.steps import Step
from domain.timers import at_risk_many
from feature_store.outbox import members
from feature_store.position import Position
from feature_store.served import RANK_SCALE, UNRANKED, values
from feature_store.write import Write
from online_model import own_rhythm


def write_of(
    step: Step,
    before: Position,
    states: States,
    users: Sequence[bytes],
    timers_before: npt.NDArray[np.int64],
    timers: npt.NDArray[np.int64],
    ranks_before: npt.NDArray[np.int64],
    population: own_rhythm.Population,
    horizon_ms: int,
    names: Mapping[int, str],
) -> Write:
    """What one step writes.

    Args:
        users: ids by slot.
        timers_before: timers as they stand in the store, ms by slot; brought up to date here.
        timers: those of the step's slots, as they are to be.
        ranks_before: the same of the rank.
    """
    slots = step.slots
    ranks = _ranks(states, slots, step.progress.clock, population, horizon_ms)
    moved = ranks != ranks_before[slots]
    ranks_before[slots] = ranks
    at = slots[moved & (ranks != UNRANKED)]
    ranked: list[Any] = [None] * (2 * len(at))
    ranked[0::2] = ranks_before[at].tolist()
    ranked[1::2] = [users[s] for s in at.tolist()]
    unranked = [users[s] for s in slots[moved & (ranks == UNRANKED)].tolist()]
    touched = [users[s] for s in slots.tolist()]
    stored: list[Any] = [None] * (2 * len(touched))
    stored[0::2] = touched
    stored[1::2] = values(pack(states, slots), ranks.tolist())

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
        ranked=ranked,
        unranked=unranked,
        timers=timed,
        untimed=untimed,
        counts=counts,
        names=[x for pair in names.items() for x in pair],
        forget=step.progress.upto,
        kept=members(step.kept),
    )


def _ranks(
    states: States,
    slots: npt.NDArray[np.int64],
    clock: int,
    population: own_rhythm.Population,
    horizon_ms: int,
) -> npt.NDArray[np.int64]:
    risky = at_risk_many(states, slots)
    at = slots[risky]
    nows = np.maximum(states["last_ms"][at], clock)
    ranks = np.full(len(slots), UNRANKED, np.int64)
    risk = own_rhythm.risks(states, at, nows, population, horizon_ms)
    ranks[risky] = np.rint(risk * RANK_SCALE).astype(np.int64)
    return ranks
