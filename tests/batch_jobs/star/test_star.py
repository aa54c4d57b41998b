"""The star against the slow one, on random histories; made at once, day by day, with late events, after crashes."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_jobs.star.tables import StarTables
from domain.settings import ChurnDefinition, FactSettings
from tests.batch_jobs.star import slow
from tests.batch_jobs.star.archives import Archive, day, ordered
from tests.batch_jobs.star.happened import DAY, MONDAY, SETTINGS, Happened, Kind, many
from tests.batch_jobs.star.quirks import quirky

EXAMPLES = int(os.environ.get("STAR_EXAMPLES", "1"))
"""Histories that are cut; each takes seconds."""
CHURNS: tuple[ChurnDefinition, ...] = ("inactivity", "cancellation", "either")


def facts_with(churn: ChurnDefinition, **more: Any) -> FactSettings:
    return msgspec.structs.replace(SETTINGS, churn=churn, **more)


def history(rng: Random, users: int) -> list[Happened]:
    """Of many users; what the batch is known to see otherwise is left out."""
    found = many(rng, Kind(), users)
    odd = {user for user in {h.user for h in found} if quirky([h for h in found if h.user == user])}
    return [h for h in found if h.user not in odd]


def same(found: slow.Tables, expected: slow.Tables) -> None:
    for name, rows in expected.items():
        wanted = ordered(rows)
        if found[name] != wanted:
            missing = [row for row in wanted if row not in found[name]]
            surplus = [row for row in found[name] if row not in wanted]
            assert (missing, surplus) == ([], []), name
            assert len(found[name]) == len(wanted), name


@pytest.mark.parametrize("churn", CHURNS)
def test_a_star_made_at_once_is_the_slow_one(tmp_path: Path, churn: ChurnDefinition) -> None:
    happened = history(Random(1), 150)
    archive = Archive(tmp_path, facts_with(churn))
    archive.add(happened)
    end = max(h.time for h in happened) + DAY
    archive.refresh(day(end))
    for as_of in (end, MONDAY + 40 * DAY, MONDAY + 3 * DAY, MONDAY):
        at = as_of // DAY * DAY
        same(archive.star(day(at)), slow.star(happened, at, archive.settings))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(CHURNS))
def test_a_star_made_in_parts_is_the_same(seed: int, churn: ChurnDefinition) -> None:
    with TemporaryDirectory() as folder:
        in_parts(Path(folder), Random(seed), churn, lambda archive, as_of: archive.refresh(as_of))


def in_parts(
    folder: Path, rng: Random, churn: ChurnDefinition, refreshed: Callable[[Archive, Any], None]
) -> None:
    """Days come one batch after another, some events late; the star of each moment is the slow one."""
    happened = history(rng, 25)
    lateness = rng.choice([0, DAY, 20 * DAY])
    archive = Archive(folder, facts_with(churn, allowed_lateness_ms=lateness))
    arrival = {h.offset: h.time + (rng.choice([0, 0, 0, 1]) and rng.randint(0, 3 * DAY)) for h in happened}
    ends = sorted({h.time // DAY + 1 for h in happened})
    cuts = sorted({*rng.sample(ends, min(3, len(ends))), ends[-1] + 1, ends[-1] + 45})
    there: list[Happened] = []
    for cut in cuts:
        new = [h for h in happened if arrival[h.offset] < cut * DAY and h not in there]
        if new:
            archive.add(new)
        there += new
        if not there:
            continue
        refreshed(archive, day(cut * DAY))
        same(archive.star(day(cut * DAY)), slow.star(there, cut * DAY, archive.settings))


class CrashError(Exception):
    """Somebody has pulled the plug."""


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(CHURNS))
def test_a_crash_between_any_two_writes_changes_nothing(seed: int, churn: ChurnDefinition) -> None:
    rng = Random(seed)

    def interrupted(archive: Archive, as_of: Any) -> None:
        before = archive.tables.manifest()
        sound = archive.tables
        archive.tables = _Failing(sound, rng.randint(1, 12))
        try:
            archive.refresh(as_of)
        except CrashError:
            assert sound.manifest() == before
        archive.tables = sound
        archive.refresh(as_of)

    with TemporaryDirectory() as folder:
        in_parts(Path(folder), rng, churn, interrupted)


class _Failing(StarTables):
    """Fails at the n-th step, before or after it is done."""

    def __init__(self, sound: StarTables, steps: int) -> None:
        super().__init__(sound.place)
        self._left = steps

    def write(self, *args: Any) -> Any:
        return self._step(lambda: StarTables.write(self, *args))

    def commit(self, *args: Any) -> Any:
        return self._step(lambda: StarTables.commit(self, *args))

    def publish(self, *args: Any) -> None:
        self._left -= 1
        if self._left < 1:
            raise CrashError
        StarTables.publish(self, *args)

    def _step(self, step: Callable[[], Any]) -> Any:
        self._left -= 1
        if self._left == 0:
            step()
            raise CrashError
        return step()
