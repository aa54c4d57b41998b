"""Experiments as pictures and tables."""

from typing import Any

from console.shown import experiments


def effect(metric: str, adjustment: str, difference: float, **more: Any) -> dict[str, Any]:
    return {
        "experiment": "e", "variant": "offer", "control": "holdout", "metric": metric, "adjustment": adjustment,
        "difference": difference, "low": difference - 0.5, "high": difference + 0.5, "anytime_low": None,
        "anytime_high": None, "anytime_p": None, "decided_on": None,
    } | more  # fmt: skip


def part(value: str, difference: float | None, **more: Any) -> dict[str, Any]:
    return {
        "variant": "offer", "dimension": "plan", "value": value, "difference": difference, "low": -0.25,
        "high": 0.25, "users": 1200, "users_control": 7, "p": 1.0, "p_holm": None,
    } | more  # fmt: skip


def test_only_rows_of_the_experiment() -> None:
    rows = [{"experiment": "a"}, {"experiment": "b"}]
    assert experiments.of(rows, "b") == [rows[1]]


def test_shares_are_points_money_is_units_and_days_are_days() -> None:
    rows = [
        effect(
            "retention", "cuped", 0.021, anytime_low=-0.5, anytime_high=0.5, anytime_p=0.04, decided_on="d"
        ),
        effect("revenue", "none", -508.0),
        effect("restricted_days", "none", 0.65),
    ]
    assert experiments.effect_rows(rows) == [
        ("offer", "Retention, points, CUPED", "+2.10", "−47.90 to +52.10", "−50.00 to +50.00", "0.040", "d"),
        ("offer", "Revenue a user", "−5.08", "−5.08 to −5.08", "–", "–", "–"),
        ("offer", "Days until the loss", "+0.65", "+0.15 to +1.15", "–", "–", "–"),
    ]


def test_the_forest_has_what_the_jobs_picture_has() -> None:
    effects = [
        effect("retention", "none", 0.1),
        effect("retention", "cuped", 0.2, anytime_low=-1.0, anytime_high=1.0),
        effect("survival", "none", 0.0),
    ]
    drawn = experiments.forest(
        effects, [part("pro", 0.01), part("free", None), part("x", 1, variant="other")]
    )
    assert drawn["yAxis"]["data"] == ["retention", "plan pro", "survival"]
    anytime, once, points = (one["data"] for one in drawn["series"])
    assert anytime == [[-100.0, "retention"], [100.0, "retention"], [None, "retention"]]
    assert once[3:5] == [[-25.0, "plan pro"], [25.0, "plan pro"]]
    assert points == [[20.0, "retention"], [1.0, "plan pro"], [0.0, "survival"]]
    assert experiments.forest_height(effects, []) < experiments.forest_height(effects, [part("pro", 0.01)])


def test_several_variants_are_told_apart_in_the_forest() -> None:
    effects = [effect("survival", "none", 0.0), effect("survival", "none", 0.0, variant="b")]
    assert experiments.forest(effects, [])["yAxis"]["data"] == ["offer, survival", "b, survival"]


def test_segments_with_too_few_users_have_dashes() -> None:
    rows = [part("pro", 0.01), part("free", None, low=None, high=None, p=None)]
    assert experiments.segment_rows(rows) == [
        ("offer", "plan: pro", "1,200 and 7", "+1.00", "−25.00 to +25.00", "1.000", "–"),
        ("offer", "plan: free", "1,200 and 7", "–", "–", "–", "–"),
    ]


def look(day: str, low: float | None, high: float | None) -> dict[str, Any]:
    return {
        "variant": "offer", "metric": "revenue", "day": day, "users": 5, "users_control": 6, "difference": 100.0,
        "anytime_low": low, "anytime_high": high, "anytime_p": None if low is None else 0.5,
    }  # fmt: skip


def test_looks_by_day_with_limits_on_both_sides_of_zero() -> None:
    rows = [look("d1", None, None), look("d2", -300.0, 500.0), look("d2", 0.0, 0.0) | {"metric": "retention"}]
    assert experiments.look_metrics(rows) == [("offer", "revenue"), ("offer", "retention")]
    difference, low, width = experiments.looks(rows, "offer", "revenue")["series"]
    assert difference["data"] == [["d1", 1.0], ["d2", 1.0]]
    assert (low["data"], width["data"]) == ([["d2", -3.0]], [["d2", 8.0]])
    assert width["stackStrategy"] == "all"
    assert experiments.look_rows(rows, "offer", "revenue") == [
        ("d1", "5 and 6", "+1.00", "–", "–"),
        ("d2", "5 and 6", "+1.00", "−3.00 to +5.00", "0.500"),
    ]


def test_shares_that_are_not_of_the_lot_are_a_fault() -> None:
    row = {"ratio_ok": False, "ratio_of": "planned", "ratio_p": 0.00012}
    assert "planned, p = 0.00012" in experiments.ratio_fault(row)
    assert experiments.ratio_fault(row | {"ratio_ok": True}) == ""
    assert experiments.ratio_fault(row | {"ratio_ok": None}) == ""


def test_what_an_experiment_is() -> None:
    row = {
        "status": "no control", "reason": "no variant is called control", "first_day": None, "last_day": None,
        "assigned": 5, "matured": 4, "crossed": 0, "promoted": 2,
    }  # fmt: skip
    assert experiments.state(row) == ("no control", "medium")
    assert experiments.about(row) == (
        "no variant is called control; assigned –: 5 users, of whom 4 have had the whole follow-up; "
        "0 were in more than one variant; 2 promotions."
    )


def test_variants() -> None:
    row = {
        "variant": "offer", "assigned": 10, "share": 0.5, "matured": 8, "treated": None, "retention": 0.5,
        "retention_low": 0.25, "retention_high": 0.75, "survival": None, "survival_low": None,
        "survival_high": None, "revenue": 1250.0, "restricted_days": 27.05,
    }  # fmt: skip
    assert experiments.arm_rows([row]) == [
        ("offer", "10 (50.0 %)", "8", "–", "50.0 % (25.0 to 75.0)", "–", "12.50", "27.1")
    ]
