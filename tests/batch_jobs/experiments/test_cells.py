"""Sums of cells against users gone through one by one."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from batch_jobs.experiments import losses, outcomes
from batch_jobs.experiments.assigned import assignments, first_assignments
from batch_jobs.experiments.settings import ExperimentSettings
from batch_jobs.star.star import Star
from domain.settings import ChurnDefinition, FactSettings
from tests.batch_jobs.experiments import oracle
from tests.batch_jobs.experiments.logs import DAY_MS, SHIFT_MS, Happened, random_log, star_of

DAYS = 50
SETTINGS = ExperimentSettings(follow_up_days=12, window_days=5, before_days=9, values=2)
_KEYS = ("experiment", "variant", "number", *outcomes.SEGMENTS)


def first(star: Star) -> Any:
    return first_assignments(assignments(star.treatments))


def found_cells(star: Star, settings: ExperimentSettings) -> dict[tuple[object, ...], tuple[float, ...]]:
    sums = [f"{m}_{s}" for m in outcomes.METRICS for s in ("y", "yy", "x", "xx", "xy")]
    rows = star.engine.to_pyarrow(outcomes.cells(star, first(star), settings)).to_pylist()
    return {
        tuple(row[k] for k in _KEYS): tuple(row[k] for k in ("assigned", "crossed", "treated", *sums))
        for row in rows
    }


@pytest.mark.parametrize("seed", range(3))
def test_cells_are_what_users_did(seed: int) -> None:
    events = random_log(Random(seed), 60, DAYS + 10)
    assert found_cells(star_of(events, DAYS), SETTINGS) == oracle.cells(events, DAYS, SETTINGS)


@pytest.mark.parametrize("churn", ["inactivity", "cancellation", "either"])
def test_losses_are_the_first_beginning_of_a_silence_or_a_cancellation(churn: ChurnDefinition) -> None:
    facts = FactSettings(churn=churn, inactivity_ms=5 * DAY_MS + SHIFT_MS)
    events = random_log(Random(7), 80, DAYS + 10)
    star = star_of(events, DAYS, facts)
    rows = star.engine.to_pyarrow(losses.cells(star, first(star), SETTINGS)).to_pylist()
    found = {(r["experiment"], r["variant"], r["number"], r["lost"]): r["users"] for r in rows}
    assert found == oracle.losses(events, DAYS, SETTINGS, facts)
    assert any(lost is not None for _, _, _, lost in found)


def test_what_comes_after_the_follow_up_changes_nothing() -> None:
    events = random_log(Random(3), 40, DAYS)
    early = [e for e in events if e.type != "experiment_assignment" or e.day < 20]
    cut = [e for e in early if e.day <= 20 + SETTINGS.follow_up_days]
    cut += [
        Happened(f"u{n:03d}", 45 * DAY_MS, "activity", 1_000_000) for n in range(40)
    ]  # everybody comes, and spends
    # platforms and plans in which users are now name the segments, so they are left out
    plain = [replace(e, platform=None, plan=None) for e in early if e.day <= 20 + SETTINGS.follow_up_days]
    more = [replace(e, platform=None, plan=None) for e in cut]
    assert found_cells(star_of(plain, DAYS), SETTINGS) == found_cells(star_of(more, DAYS), SETTINGS)
