"""Churn rates of folded records against whole histories, and what is alarming."""

from itertools import islice, pairwise
from random import Random

import numpy as np
import pytest

from domain.churn_rate import ALL, HISTORY, LEAST, Rate, begun_and_over, counted, rate
from domain.packing import unpack
from domain.partitioner import partition_of
from domain.settings import FactSettings
from online_model.quality.intervals import wilson
from tests.domain.histories import DAY, HOUR, PARTITION, PARTITIONS, Log, event, mark
from tests.domain.test_fold import Cut, read

START = 19_700
"""The first day, since 1970."""
SPAN = 170
DAYS_AWAY = 30
CALM = [(1000, 200)] * HISTORY


def users(count: int) -> list[str]:
    local = (u for n in range(100_000) if partition_of((u := f"u{n}").encode(), PARTITIONS) == PARTITION)
    return list(islice(local, count))


def histories(random: Random, count: int) -> dict[str, list[int]]:
    """Days with a session, by user: some come for good, some leave, some pause and come back."""
    made = {}
    for user in users(count):
        every, end = random.choice([1, 3, 7, 20]), random.choice([SPAN, random.randrange(20, SPAN)])
        days = list(range(random.randrange(40), end, every))
        if random.random() < 0.3:
            pause = random.randrange(SPAN)
            days = [d for d in days if not pause <= d < pause + random.randrange(10, 80)]
        made[user] = [START + d for d in days] or [START]
    return made


def folded(told: dict[str, list[int]]) -> Log:
    by_day: dict[int, list[str]] = {}
    for user, days in told.items():
        for day in days:
            by_day.setdefault(day, []).append(user)
    records = []
    for day in range(START, START + SPAN + 1):
        records.append(mark(day * DAY))
        for user in by_day.get(day, []):
            plan = "gold" if is_gold(user) else "free"
            records.append(event(user, day * DAY + 12 * HOUR, "page_view", f"{user}-{day}", plan=plan))
    return Log(records, FactSettings())


def is_gold(user: str) -> bool:
    return int(user[1:]) % 3 > 0


def was_gone(days: list[int], today: int) -> bool:
    """Whether the user was gone within the two windows, and has come back: then only whole weeks are known."""
    return any(b - a > DAYS_AWAY and b > today - 2 * DAYS_AWAY for a, b in pairwise(days))


def expected_now(days: list[int], today: int) -> tuple[bool, bool]:
    known = days
    if was_gone(days, today):
        back = max(b for a, b in pairwise(days) if b - a > DAYS_AWAY)
        first, last = today - 2 * DAYS_AWAY, today - DAYS_AWAY - 1
        whole = [d for d in days if (d + 3) // 7 * 7 - 3 >= first and (d + 3) // 7 * 7 + 3 <= last]
        known = whole + [d for d in days if d >= back]
    before = any(today - 2 * DAYS_AWAY <= d < today - DAYS_AWAY for d in known)
    since = any(d >= today - DAYS_AWAY for d in days)
    lost = not since and any(today - 2 * DAYS_AWAY <= d < today - DAYS_AWAY for d in days)
    return before or lost, lost


def expected_week(days: list[int], end: int) -> tuple[bool, bool]:
    weeks = {(d + 3) // 7 for d in days}
    before = any(end - 8 <= w < end - 4 for w in weeks)
    return before, before and not any(end - 4 <= w < end for w in weeks)


@pytest.mark.parametrize("seed", [1, 2])
def test_rates_are_those_of_the_whole_histories(seed: int) -> None:
    told = histories(Random(seed), 150)
    kept = read(folded(told), Cut([], 500, 100_000))
    today = START + SPAN
    states = unpack([kept.records[user] for user in told])
    found = counted(states, today * DAY, DAYS_AWAY)
    first = next(iter(told))
    alike = {user: days for user, days in told.items() if is_gold(user) == is_gold(first)}
    for segment, members in ((ALL, told), (("plan", int(states["plan"][0])), alike)):
        counts = found[segment]
        pairs = [expected_now(days, today) for days in members.values()]
        assert counts[0].tolist() == [sum(a for a, _ in pairs), sum(b for _, b in pairs)]
        now = (today + 3) // 7
        for back in range(HISTORY + 1):
            pairs = [expected_week(days, now - back) for days in members.values()]
            assert counts[1 + back].tolist() == [sum(a for a, _ in pairs), sum(b for _, b in pairs)], back
        assert counts[0][0] > 30


def of(now: tuple[int, int], week: tuple[int, int], before: list[tuple[int, int]]) -> Rate:
    return rate(np.array([now, week, *before], np.int64), wilson)


def test_what_is_alarming() -> None:
    calm = CALM
    assert of((1000, 210), (1000, 210), calm).why == ""
    assert of((1000, 532), (1000, 200), calm).why == "half"  # the lower end is 0.5010
    assert of((1000, 530), (1000, 200), calm).why == ""  # 0.4990
    assert of((1000, 300), (1000, 278), calm).why == "rise"  # 0.2511 > 1.25 · 0.2
    assert of((1000, 300), (1000, 276), calm).why == ""  # 0.2492
    assert of((LEAST - 1, LEAST - 1), (1000, 900), calm).why == ""
    assert of((1000, 300), (1000, 300), [*calm[1:], (LEAST - 1, 40)]).why == ""
    assert of((1000, 300), (1000, 300), calm).mean == pytest.approx(0.2)


def test_each_episode_is_told_once() -> None:
    calm, bad = of((1000, 10), (1000, 10), CALM), of((1000, 900), (1000, 900), CALM)
    gold, free = ("plan", "gold"), ("plan", "free")
    assert begun_and_over({gold: bad, free: calm}, {}) == ([gold], [])
    assert begun_and_over({gold: bad, free: bad}, {gold: "a"}) == ([free], [])
    assert begun_and_over({gold: calm}, {gold: "a", free: "b"}) == ([], [free, gold])
