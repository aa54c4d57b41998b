"""The first page's figures."""

from console.shown.overview import churn_rows, figure_tiles, health, risk_tiles, tiers_by


def test_figures_stand_beside_the_period_before() -> None:
    def row(figure: str, value: float, before: float | None, unit: str) -> dict[str, object]:
        return {"figure": figure, "value": value, "before": before, "unit": unit, "since": "a", "until": "b"}

    made = figure_tiles(
        [
            row("revenue", 61597.29, 67286.33, "money"),
            row("churn_rate", 0.111, None, "share"),
            row("active", 2175, 2082, "users"),
            row("of no interest", 1, 1, "users"),
        ]
    )
    assert [tuple(tile) for tile in made] == [
        ("Active", "2,175", "2,082 the month before"),
        ("Churn rate", "11.1 %", "a to b"),
        ("Revenue", "61,597", "67,286 the month before"),
    ]


def test_money_of_the_batch_jobs_is_in_minor_units() -> None:
    whole = {
        "grouping": "all",
        "value": 100_000,
        "at_risk": 50_000,
        "recoverable": 2_000,
        "worth_contacting": 3,
    }
    tiles = {
        tile.label: (tile.value, tile.beside) for tile in risk_tiles([whole], {"high": 13, "medium": 45})
    }
    assert tiles["At high risk"] == ("13", "now")
    assert tiles["Money at risk"] == ("500", "of 1,000 expected")
    assert tiles["Recoverable"] == ("20.00", "3 customers are worth a contact")
    assert len(risk_tiles([], {})) == 2


def test_bars_leave_out_who_is_at_low_risk() -> None:
    rows = [
        {"grouping": "segment", "group": group, "tier": tier, "users": users}
        for group, tier, users in (("B", "high", 1), ("A", "medium", 2), ("A", "low", 900), ("C", "low", 5))
    ] + [{"grouping": "plan", "group": "pro", "tier": "high", "users": 7}]
    drawn = tiers_by(rows, "segment")
    assert drawn["xAxis"]["data"] == ["A", "B"]
    assert {one["name"]: one["data"] for one in drawn["series"]} == {"High": [0, 1], "Medium": [2, 0]}


def test_the_worst_groups_come_first_and_empty_ones_not_at_all() -> None:
    rows = [
        {"dimension": "plan", "value": "free", "users": 10, "lost": 5, "rate": 0.5},
        {"dimension": "all", "value": "all", "users": 100, "lost": 60, "rate": 0.6},
        {"dimension": "plan", "value": "", "users": 1, "lost": 0, "rate": 0.0},
        {"dimension": "plan", "value": "x", "users": 0, "lost": 0, "rate": None},
    ]
    assert [row[0] for row in churn_rows(rows)] == ["all", "plan: free", "plan: –"]
    assert churn_rows(rows, 1) == [("all", "100", "60", "60.0 %")]


def test_health() -> None:
    assert health({"checks": {"lag": {"ok": False, "reason": "9 to go"}}}) == [("Lag", "not well", "9 to go")]
    assert health({}) == []
