"""Cells of experiments by going through users one by one; shares no rule with the job."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from batch_jobs.experiments.settings import ExperimentSettings
from domain.settings import FactSettings
from tests.batch_jobs.experiments.logs import BEGIN, DAY_MS, Happened

FIRST_DAY = BEGIN // DAY_MS


class Assigned(NamedTuple):
    experiment: str
    user: str
    variant: str
    time: int
    crossed: bool


def assigned(events: Sequence[Happened]) -> Iterator[Assigned]:
    said: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for e in events:
        if e.type == "experiment_assignment" and e.experiment and e.variant:
            if e.experiment == "ebbwatch-alerts" and e.variant == "over":
                continue
            said[e.experiment, e.user].append((e.time, e.variant.lower()))
    for (experiment, user), several in sorted(said.items()):
        time, variant = min(several)
        yield Assigned(experiment, user, variant, time, len({v for _, v in several}) > 1)


def cells(
    events: Sequence[Happened], days: int, settings: ExperimentSettings
) -> dict[tuple[object, ...], tuple[float, ...]]:
    known = sorted((e for e in events if e.time < days * DAY_MS), key=lambda e: e.time)
    frequent = {name: _frequent(known, name, settings.values) for name in ("platform", "plan")}
    found: dict[tuple[object, ...], list[float]] = {}
    for a in assigned(known):
        mine = [e for e in known if e.user == a.user]
        zero = a.time // DAY_MS
        last = settings.follow_up_days
        active = {e.day - zero for e in mine if e.type == "activity"}
        retained = any(last - settings.window_days < d <= last for d in active)
        before = sum(-settings.before_days <= d < 0 for d in active)
        revenue = sum(e.amount for e in mine if 0 <= e.day - zero <= last)
        revenue_before = sum(e.amount for e in mine if -settings.before_days <= e.day - zero < 0)
        treated = any(
            e.type == "promotion" and e.experiment in (None, a.experiment)
            and e.time >= a.time and e.day - zero <= last
            for e in mine
        )  # fmt: skip
        names = [_known(mine, name, zero, a.time, frequent[name]) for name in ("platform", "plan")]
        band = "0" if before == 0 else "1-3" if before < 4 else "4-11" if before < 12 else "12+"
        key = (a.experiment, a.variant, FIRST_DAY + zero, *names, band)
        sums: list[float] = [1, a.crossed, treated]
        for y, x in ((int(retained), before), (revenue, revenue_before)):
            sums += [y, y * y, x, x * x, x * y]
        found[key] = [p + q for p, q in zip(found.get(key, [0.0] * 13), sums, strict=True)]
    return {key: tuple(value) for key, value in found.items()}


def _frequent(known: Sequence[Happened], name: str, values: int) -> set[str]:
    latest: dict[str, str] = {}
    for e in known:
        if value := getattr(e, name):
            latest[e.user] = value
    counted = Counter(latest.values())
    return set(sorted(counted, key=lambda v: (-counted[v], v))[:values])


def _known(mine: Sequence[Happened], name: str, zero: int, time: int, frequent: set[str]) -> str:
    said = [getattr(e, name) for e in mine if e.day < zero and getattr(e, name)]
    value = said[-1] if said else getattr(mine[0], name) if mine[0].time <= time else None
    return "unknown" if value is None else value if value in frequent else "other"


def losses(
    events: Sequence[Happened], days: int, settings: ExperimentSettings, facts: FactSettings
) -> Counter[tuple[str, str, int, int | None]]:
    end = days * DAY_MS
    known = sorted((e for e in events if e.time < end), key=lambda e: e.time)
    silence = 0 if facts.churn == "cancellation" else facts.inactivity_ms
    until = (end - silence) // DAY_MS
    found: Counter[tuple[str, str, int, int | None]] = Counter()
    for a in assigned(known):
        mine = [e for e in known if e.user == a.user and e.time >= a.time]
        lost = []
        if facts.churn != "cancellation":
            signs = [a.time, *(e.time for e in mine if e.type == "activity"), end]
            gaps = pairwise(signs)
            lost += [begun // DAY_MS for begun, over in gaps if over - begun >= facts.inactivity_ms]
        if facts.churn != "inactivity":
            lost += [e.day for e in mine if e.type == "cancellation"]
        zero = a.time // DAY_MS
        offsets = [d - zero for d in lost if d < until and d - zero < settings.follow_up_days]
        found[a.experiment, a.variant, FIRST_DAY + zero, min(offsets, default=None)] += 1
    return found
