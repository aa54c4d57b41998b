"""Survival as pictures and tables: small curves, worked out by hand."""

from typing import Any

from console.shown import survival


def on_day(group: str, day: int, share: float | None, at_risk: int, small: bool = False) -> dict[str, Any]:
    limits = (None, None) if share is None else (share / 2, share)
    return {
        "group_kind": "plan", "group": group, "day": day, "survival": share, "lower": limits[0],
        "upper": limits[1], "at_risk": at_risk, "small": small,
    }  # fmt: skip


CURVES = [
    *(on_day("free", day, share, n) for day, share, n in ((0, 1.0, 40), (1, 0.5, 40), (2, 0.25, 9))),
    *(on_day("pro", day, share, n) for day, share, n in ((0, 1.0, 30), (1, 0.8, 30), (2, None, 0))),
    on_day("x", 0, 1.0, 3, small=True),
]


def test_small_groups_are_named_and_not_drawn() -> None:
    assert list(survival.by_group(CURVES)) == ["free", "pro"]
    assert survival.left_out(CURVES) == "Left out for having fewer than 30 users: x."


def test_groups_beyond_the_colours_are_named() -> None:
    rows = [on_day(str(number), 0, 1.0, 40) for number in range(10)]
    assert len(survival.by_group(rows)) == 8
    assert survival.left_out(rows) == "Left out for there being too many: 8, 9."
    assert survival.left_out(rows[:8]) == ""


def test_a_curve_ends_where_nobody_is_followed() -> None:
    drawn = survival.curve(survival.by_group(CURVES))
    lines = {one["name"]: one["data"] for one in drawn["series"] if one.get("z") == 3}
    assert lines == {"free": [["0", 100.0], ["1", 50.0], ["2", 25.0]], "pro": [["0", 100.0], ["1", 80.0]]}
    assert all(one["step"] == "end" for one in drawn["series"])


def test_a_band_lies_between_its_limits_and_is_hidden_with_its_curve() -> None:
    low, width = [
        one for one in survival.curve(survival.by_group(CURVES))["series"] if one["name"] == "free"
    ][1:]
    assert low["data"] == [["0", 50.0], ["1", 25.0], ["2", 12.5]]
    assert width["data"] == [["0", 50.0], ["1", 25.0], ["2", 12.5]]


def test_no_group_is_no_fault() -> None:
    assert survival.curve({})["series"] == []
    assert survival.at_risk({}) == (["At risk on day", "0"], [])


def test_the_table_beneath_has_few_days() -> None:
    assert survival.ticks(200) == [0, 30, 60, 90, 120, 150, 180]
    assert survival.ticks(7) == list(range(8))
    assert survival.ticks(5000)[:2] == [0, 365]


def test_users_at_risk_and_the_curve_in_figures() -> None:
    of = survival.by_group(CURVES)
    assert survival.at_risk(of) == (
        ["At risk on day", "0", "1", "2"],
        [["free", "40", "40", "9"], ["pro", "30", "30", "0"]],
    )
    assert survival.curve_table(of)[1][1] == [
        "pro",
        "100.0 % (50.0 to 100.0)",
        "80.0 % (40.0 to 80.0)",
        "–",
    ]


def test_a_median_that_is_not_reached_and_a_limit_that_is_not() -> None:
    row = {"group_kind": "plan", "group": "pro", "users": 1200, "events": 7, "small": False}
    medians = [
        row | {"median": None, "lower": None, "upper": None},
        row | {"group_kind": "all", "group": "all", "median": 153, "lower": 141, "upper": None},
    ]
    kept = [{"group_kind": "plan", "group": "pro", "day": 30, "survival": 0.9}]
    assert survival.milestone_days([*kept, kept[0] | {"day": 60, "survival": None}]) == [30]
    assert survival.median_rows(medians, kept, [30]) == [
        ["pro", "1,200", "7", "not reached", "90.0 %"],
        ["Everybody", "1,200", "7", "153 (141 to –)", "–"],
    ]


def test_tests_of_all_groups_and_of_pairs() -> None:
    rows: list[dict[str, Any]] = [
        {"group_a": "all", "group_b": "all", "statistic": 3.134, "degrees": 4, "p": 0.5357, "p_holm": None},
        {"group_a": "a", "group_b": "b", "statistic": None, "degrees": 1, "p": None, "p_holm": 0.0002},
    ]
    assert survival.logrank_rows(rows) == [
        ("all groups", "3.13 (4)", "0.536", "–"),
        ("a and b", "–", "–", "< 0.001"),
    ]


def month(group: str, from_day: int, rate: float | None) -> dict[str, Any]:
    return {
        "group_kind": "all", "group": group, "small": False, "from_day": from_day, "to_day": from_day + 29,
        "at_risk": 10, "events": 1, "rate": rate, "rate_lower": 0.1, "rate_upper": 0.3,
    }  # fmt: skip


def test_hazards_by_month() -> None:
    rows = [month("all", 0, 0.2), month("all", 30, None)]
    drawn = survival.hazard(rows)
    assert drawn["xAxis"]["data"] == ["0–29", "30–59"]
    assert drawn["series"][-1]["data"] == [["0–29", 0.2]]
    assert survival.hazard_rows(rows) == [
        ("Everybody", "0–29", "10", "1", "0.200 (0.100 to 0.300)"),
        ("Everybody", "30–59", "10", "1", "–"),
    ]


def test_a_covariate_that_says_nothing_has_its_note() -> None:
    row = {
        "covariate": "active_days", "level": "0", "reference": "2-3", "users": 43, "events": 18,
        "hazard_ratio": None, "lower": None, "upper": None, "p": None, "proportional_p": None, "note": "why",
    }  # fmt: skip
    assert survival.cox_rows([row]) == [("active days", "0", "2-3", "43", "18", "why", "–", "–")]


def test_who_came_back() -> None:
    row = {
        "group_kind": "all", "group": "all", "lost": 10, "returned": 4, "share": 0.4, "lower": 0.2,
        "upper": 0.6, "median_days": 8, "small": False,
    }  # fmt: skip
    later = [{"group_kind": "all", "group": "all", "day": 30, "share": 0.35}]
    assert survival.return_rows([row], later, [30, 60]) == [
        ["Everybody", "10", "40.0 % (20.0 to 60.0)", "8", "35.0 %", "–"]
    ]


def test_views_keep_the_order_of_the_documents() -> None:
    rows = [{"view": view} for view in ("new_one", "onset", "passage", "onset")]
    assert list(survival.views(rows)) == ["passage", "onset", "new_one"]
    assert survival.views(rows)["new_one"] == "new one"


def test_mean_days_and_who_is_in() -> None:
    row = {"group_kind": "all", "group": "all", "horizon": 30, "days": 29.96, "lower": None, "upper": 30.0}
    assert survival.restricted_rows([row]) == [("Everybody", "30", "30.0")]
    people = [{"users": 1713, "status": "included"}, {"users": 4, "status": "too young"}]
    assert survival.population_words(people) == "1,713 included; 4 too young"
