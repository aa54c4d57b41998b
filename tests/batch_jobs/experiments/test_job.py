"""The job's tables: what is compared, against whom, and what is said where nothing can be."""

from random import Random

import pytest
from statsmodels.stats.multitest import multipletests

from batch_jobs.experiments.job import Experiments
from batch_jobs.experiments.picture import forest
from batch_jobs.experiments.schema import TABLES
from batch_jobs.experiments.settings import ExperimentSettings, with_alerts
from batch_jobs.job import Tables
from benchmarks.experiment_coverage import without_effect
from benchmarks.experiment_star import Population, simulated_star
from domain.settings import FactSettings
from producers.simulator.scenario import Scenario
from tests.batch_jobs.experiments.logs import DAY_MS, Happened, star_of

SETTINGS = ExperimentSettings(follow_up_days=10, window_days=5, least=20)


def run(events: list[Happened], days: int = 60, settings: ExperimentSettings = SETTINGS) -> Tables:
    star = star_of(events, days, FactSettings(inactivity_ms=10 * DAY_MS))
    found = Experiments(settings)(star, lambda _what, _share: None)
    assert {name: table.schema for name, table in found.items()} == TABLES
    return found


def assigned(
    experiment: str, shares: dict[str, float], stays: dict[str, float], users: int, day: int = 20
) -> list[Happened]:
    """Users of whom a share comes every second day until the end; the others come no more."""
    random, found = Random(1), []
    for number in range(users):
        user = f"{experiment}{number}"
        variant = random.choices(list(shares), list(shares.values()))[0]
        at = day * DAY_MS + random.randrange(DAY_MS)
        found += [Happened(user, (day - d) * DAY_MS, "activity", platform="web") for d in range(number % 5)]
        found.append(Happened(user, at, "experiment_assignment", experiment=experiment, variant=variant))
        if random.random() < stays[variant]:
            found += [Happened(user, d * DAY_MS, "activity", 300) for d in range(day + 1, 60, 2)]
    return found


def test_the_holdout_of_alerts_feeds_the_same_code() -> None:
    events = assigned(
        "ebbwatch-alerts", {"alerted": 0.8, "holdout": 0.2}, {"alerted": 0.8, "holdout": 0.4}, 800
    )
    over = [
        Happened(e.user, 30 * DAY_MS, "experiment_assignment", experiment=e.experiment, variant="over")
        for e in events
        if e.variant == "holdout"
    ]
    found = run(events + over, settings=ExperimentSettings(
        follow_up_days=10, window_days=5, least=20, shares=with_alerts(0.2)
    ))  # fmt: skip
    (row,) = found["experiments"].to_pylist()
    assert (row["status"], row["control"], row["crossed"]) == ("compared", "holdout", 0)
    assert (row["ratio_ok"], row["ratio_of"]) == (True, "planned")
    effects = {(r["metric"], r["adjustment"]): r for r in found["experiment_effects"].to_pylist()}
    for key in (("retention", "none"), ("retention", "cuped"), ("survival", "none")):
        assert effects[key]["low"] < 0.4 < effects[key]["high"]
        assert effects[key]["variant"] == "alerted"
    assert effects["retention", "cuped"]["anytime_p"] < 1e-6
    assert effects["retention", "cuped"]["decided_on"] is not None
    assert effects["restricted_days", "none"]["low"] > 0
    # the same numbers at equal shares fail the check that the lot was as planned
    (row,) = run(events)["experiments"].to_pylist()
    assert (row["ratio_ok"], row["ratio_of"]) == (False, "equal shares")
    assert "find out why" in row["reason"]


@pytest.mark.parametrize(
    ("shares", "day", "status"),
    [
        ({"new": 1.0}, 20, "one variant"),
        ({"old": 0.5, "new": 0.5}, 20, "no control"),
        ({"control": 0.5, "new": 0.5}, 50, "too few"),
        ({"control": 0.02, "new": 0.98}, 20, "too few"),
        ({"control": 0.5, "new": 0.5}, 49, "compared"),
    ],
)
def test_what_cannot_be_compared_says_why(shares: dict[str, float], day: int, status: str) -> None:
    found = run(assigned("test", shares, dict.fromkeys(shares, 0.5), 200, day))
    (row,) = found["experiments"].to_pylist()
    assert row["status"] == status
    assert row["reason"]
    assert (found["experiment_effects"].num_rows > 0) == (status == "compared")
    assert found["experiment_arms"].num_rows == len(shares)


def test_promotions_without_a_lot_are_not_compared() -> None:
    gifts = [Happened(f"u{n}", 20 * DAY_MS, "promotion", experiment="spring") for n in range(30)]
    named = [Happened("u1", 21 * DAY_MS, "promotion")]
    found = run(gifts + named)
    rows = found["experiments"].to_pylist()
    assert [(r["experiment"], r["status"], r["promoted"]) for r in rows] == [
        ("", "no assignment", 1),
        ("spring", "no assignment", 30),
    ]
    assert all(found[name].num_rows == 0 for name in TABLES if name != "experiments")


def test_nothing_at_all() -> None:
    assert all(table.num_rows == 0 for table in run([]).values())


def test_whoever_is_assigned_twice_stays_with_the_first() -> None:
    events = assigned("test", {"control": 0.5, "new": 0.5}, {"control": 0.3, "new": 0.9}, 300)
    later = [
        Happened(e.user, 25 * DAY_MS, "experiment_assignment", experiment="test", variant="new")
        for e in events
        if e.variant == "control"
    ]
    plain, crossed = run(events), run(events + later)
    assert crossed["experiment_effects"].equals(plain["experiment_effects"])
    assert crossed["experiments"]["crossed"][0].as_py() == len(later)


def test_segments_are_tested_together_and_drawn() -> None:
    found = run(assigned("test", {"control": 0.5, "new": 0.5}, {"control": 0.4, "new": 0.7}, 600))
    rows = [r for r in found["experiment_segments"].to_pylist() if r["p"] is not None]
    assert {r["dimension"] for r in rows} == {"platform", "plan", "activity"}
    assert [r["p_holm"] for r in rows] == pytest.approx(
        multipletests([r["p"] for r in rows], method="holm")[1]
    )
    by_band = [r for r in found["experiment_segments"].to_pylist() if r["dimension"] == "activity"]
    matured = found["experiments"]["matured"][0].as_py()
    assert sum(r["users"] + r["users_control"] for r in by_band) == matured
    (axes,) = forest(found["experiment_effects"], found["experiment_segments"]).axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == "test: new, retention"
    assert len(labels) == len(rows) + 2
    nothing = run([])
    assert "No experiment" in forest(nothing["experiment_effects"], nothing["experiment_segments"]).axes[
        0
    ].get_title("left")


def test_looks_end_with_what_the_effects_say() -> None:
    events = [
        e
        for day in range(15, 25)
        for e in assigned(f"test{day}", {"control": 0.5, "new": 0.5}, {"control": 0.4, "new": 0.6}, 40, day)
    ]
    events = [
        Happened(e.user, e.time, e.type, e.amount, experiment=e.experiment and "test", variant=e.variant)
        for e in events
    ]
    found = run(events)
    looks = [r for r in found["experiment_looks"].to_pylist() if r["metric"] == "retention"]
    effect = next(
        r
        for r in found["experiment_effects"].to_pylist()
        if (r["metric"], r["adjustment"]) == ("retention", "cuped")
    )
    shared = ("users", "users_control", "difference", "anytime_low", "anytime_high", "anytime_p")
    assert [looks[-1][k] for k in shared] == [effect[k] for k in shared]
    assert [r["users"] for r in looks] == sorted({r["users"] for r in looks})
    decided = [r["day"] for r in looks if r["anytime_p"] <= 0.05]
    assert effect["decided_on"] == min(decided, default=None)


def test_a_simulated_effect_is_found_and_its_absence_too() -> None:
    kept = {}
    for name, scenario in (("effect", Scenario(base_hazard=0.02)), ("none", without_effect())):
        star = simulated_star(Population(1_500, 90, 3, scenario))
        found = Experiments()(star, lambda _what, _share: None)
        kept[name] = {
            (r["experiment"], r["metric"], r["adjustment"]): r
            for r in found["experiment_effects"].to_pylist()
        }
        assert all(found["experiments"]["ratio_ok"].to_pylist())
    key = ("onboarding-checklist", "survival", "none")
    assert kept["effect"][key]["low"] > 0
    assert kept["none"][key]["low"] < 0 < kept["none"][key]["high"]


def test_settings_that_cannot_be_computed_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        ExperimentSettings(follow_up_days=7, window_days=8)
    with pytest.raises(ValueError, match="must be positive"):
        ExperimentSettings(shares={"a": {"x": 0.0}})
