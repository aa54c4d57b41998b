"""The ledger's history of a user, and what became of users like that."""

from pathlib import Path

import numpy as np
import pytest

from domain.calendar import DAY_MS, WEEK_MS
from domain.catalogue import INDEX
from domain.hashing import hashes_of
from domain.labels import FEATURES
from online_model.ledger.ledger import Ledger
from online_model.ledger.schema import Settled, to_table
from profiles import past

LINEAGE = "00112233445566aa"
DELAY = 31 * DAY_MS
USER = "one"
HASH = int(hashes_of([USER])[0])


def day(
    times: list[int], users: list[str], served: list[float], silence: list[float], lost: list[bool]
) -> Settled:
    n = len(users)
    features = np.zeros((n, FEATURES))
    features[:, INDEX["days_since_last_session"]] = silence
    at = np.array(times)
    nothing = np.zeros(n, np.int64)
    return Settled(
        users=users, times=at, dues=at + DELAY, features=features, lost=np.array(lost),
        causes=np.array(lost, np.uint8), returned=nothing, cancelled=nothing, treated=nothing, treated_before=nothing,
        holdout=np.zeros(n, np.bool_), weights=np.ones(n), champions=["recursive"] * n, versions=[None] * n,
        served=np.array(served), tiers=np.zeros(n, np.int8), reasons=[[] for _ in users], predictions={},
    )  # fmt: skip


def instants(count: int) -> list[int]:
    first = 2800 * WEEK_MS + HASH % WEEK_MS
    return [first + number * WEEK_MS for number in range(count)]


def test_history_is_found_in_every_seventh_file(tmp_path: Path) -> None:
    assert past.history(tmp_path, LINEAGE, USER, HASH, DELAY, "base") == []
    ledger = Ledger(tmp_path, LINEAGE)
    times = instants(past.WEEKS + 2)
    for number, time in enumerate(times):
        rows = to_table(day([time, time], [USER, "other"], [number / 100, 0.9], [1, 1], [False, True]))
        ledger.write_day((time + DELAY) // DAY_MS, rows)
    said = past.history(tmp_path, LINEAGE, USER, HASH, DELAY, "base")
    assert [one.time for one in said] == times[2:]
    assert [one.score for one in said] == [number / 100 for number in range(2, len(times))]
    assert {(one.tier, one.model, one.lost) for one in said} == {("low", "base", False)}


def test_like_users_are_those_of_like_score_and_silence(tmp_path: Path) -> None:
    assert past.alike(past.settled(tmp_path, LINEAGE), 0.5, 3.0) is None
    ledger, time = Ledger(tmp_path, LINEAGE), instants(1)[0]
    count = 2 * past.NEAREST
    high = [number % 2 == 0 for number in range(count)]  # the one half is lost, and was said to be
    rows = day(
        [time] * count,
        [f"u{number}" for number in range(count)],
        [0.8 if lost else 0.1 for lost in high],
        [20.0 if lost else 1.0 for lost in high],
        high,
    )
    ledger.write_day((time + DELAY) // DAY_MS, to_table(rows))
    known = past.settled(tmp_path, LINEAGE)
    assert past.settled(tmp_path, LINEAGE, known) is known
    for score, silence, share in ((0.75, 19.0, 1.0), (0.12, 1.2, 0.0)):
        found = past.alike(known, score, silence)
        assert found is not None
        assert (found.examples, found.lost) == (past.NEAREST, share)
        assert found.low <= share <= found.high
        assert found.score_from == pytest.approx(0.8 if share else 0.1)
