"""What a training has found, and a campaign, in figures and pictures."""

from typing import Any

from console.shown.campaign import outcome, supposed
from console.shown.findings import (
    cohorts,
    contestant_rows,
    dependence,
    drivers,
    figures,
    median_words,
    moved_rows,
    outlook,
    outlook_words,
    positions,
    reliability,
    rule_rows,
    survivors,
    top_rows,
)
from console.shown.quality import Choice, choice_words, choices, column_rows, gaps, quality_rows
from console.shown.survival import curve


def contestant(name: str, score: float | None, f1: float) -> dict[str, Any]:
    point = {"predicted": 0.2, "observed": 0.25, "low": 0.2, "high": 0.3}
    top = {"count": 50.0, "precision": 0.8, "recall": 0.1, "lift": 2.0}
    metrics = {
        "roc_auc": 0.75, "log_loss": 0.5, "decided": {"f1": f1, "recall": 0.9}, "curve": [point], "tops": [top],
    }  # fmt: skip
    return {"name": name, "score": score, "metrics": metrics, "f1_of_all": 0.4, "roi": 0.5, "stability": 0.9}


FORECAST = {
    "horizon": 3,
    "low_80": 80.0,
    "high_80": 120.0,
    "low_95": 70.0,
    "high_95": 130.0,
    "series": "revenue",
}
SUMMARY: dict[str, Any] = {
    "served": "forest", "customers": 110, "gone": 27, "snapshots": 1087,
    "contestants": [contestant("new", None, 0.9), contestant("forest", 0.7, 0.5), contestant("mean", 0.8, 0.4)],
    "at_risk": [
        {"tier": None, "customers": 83, "would_leave": 14.4, "value": 94_892.0, "at_risk": 11_556.0,
         "recoverable": 4_044.4},
        {"tier": "high", "customers": 5, "would_leave": 4.0, "value": 1.0, "at_risk": 1.0, "recoverable": 1.0},
    ],
    "importance": [["silence", 0.3], ["orders", 0.1]],
    "dependence": {"silence": [{"value": None, "risk": 0.1, "share": 0.1}, {"value": 1.0, "risk": 0.2, "share": 0.5},
                               {"value": 9.0, "risk": 0.6, "share": 0.4}]},
    "rules": [{"text": "silence more than 9", "snapshots": 100, "share": 0.5, "low": 0.4, "high": 0.6},
              {"text": "empty", "snapshots": 0, "share": None, "low": None, "high": None}],
    "warnings": [["c1", "low", "high", 0.1, 0.8, 154.2]] * 12,
    "months": {
        "history": [{"series": "revenue", "month": "2023-01", "value": 100.0}],
        "forecast": [FORECAST | {"month": None, "value": 300.0}, FORECAST | {"month": "2023-02", "value": 100.0}],
    },
}  # fmt: skip


def test_the_first_look() -> None:
    made = {one.label: (one.value, one.beside) for one in figures(SUMMARY)}
    assert made["At high risk"] == ("5", "of 83 that are there")
    assert made["Money at risk"] == ("11,556", "of 94,892 of half a year")
    assert made["F1"] == ("0.500", "0.400 if all were flagged")


def test_the_best_score_comes_first_and_who_has_none_last() -> None:
    made = contestant_rows(SUMMARY)
    assert [row[0] for row in made] == ["mean", "forest (serves)", "new"]
    assert made[1][1:] == ("0.700", "0.500", "0.400", "0.900", "0.500", "0.900", "0.750", "0.500")
    assert made[2][1] == "–"
    assert top_rows(SUMMARY) == [("50", "80.0 %", "10.0 %", "2.00")]


def test_pictures_are_of_who_serves() -> None:
    low, band, line, _ = reliability(SUMMARY)["series"]
    assert (low["data"], line["data"]) == ([[20.0, 20.0]], [[20.0, 25.0]])
    assert [round(value, 6) for value in band["data"][0]] == [20.0, 10.0]
    drawn = drivers(SUMMARY, {"silence": "silence of the customer (d, now)"})
    assert drawn["yAxis"]["data"] == ["Orders", "silence of the customer"]
    grey, red = (bar["itemStyle"]["color"] for bar in drawn["series"][0]["data"])
    assert red != grey, "more silence raises the risk; of orders it is not told"
    assert dependence(SUMMARY, "silence", {})["series"][0]["data"] == [[1.0, 20.0], [9.0, 60.0]]


def test_tables() -> None:
    assert rule_rows(SUMMARY) == [("silence more than 9", "100", "50 % (40 % to 60 %)")]
    assert moved_rows(SUMMARY) == [("c1", "low → high", "10.0 % → 80.0 %", "154")] * 10


def test_an_outlook_goes_on_where_the_past_ends() -> None:
    assert outlook_words(SUMMARY, "revenue") == "next 3 months: 300 (80 to 120)"
    assert outlook_words(SUMMARY, "customers") == outlook_words({"months": None}, "revenue") == ""
    expected = outlook(SUMMARY, "revenue")["series"][-1]["data"]
    assert expected == [["2023-01", 100.0], ["2023-02", 100.0]]
    assert outlook({"months": None}, "revenue")["xAxis"]["data"] == []


def test_a_campaign() -> None:
    assert supposed("top_50", None, 35, None) == {
        "scenario": "top_50", "contact": 0.0, "save_rate": 0.35, "discount": 0.0,
    }  # fmt: skip
    # by hand: 10 contacted at 5, of whom 4 would leave and 2 are kept, worth 100 each: 200 - 50 = 150
    made = outcome(
        {
            "contacted": 10, "would_leave": 4.0, "saved": 2.0, "value": 200.0, "cost": 50.0, "gain": 150.0,
            "gain_low": -50.0, "gain_high": 350.0, "returned": 3.0, "break_even": 0.125,
        }
    )  # fmt: skip
    assert [one.value for one in made] == ["10", "2.0", "50.00", "+150", "+3.0 x", "12.50 %"]
    assert made[3].beside == "−50 to +350 by chance, 95 %"


def test_quality_and_silence() -> None:
    threshold = {"within": [0.5, 1.0], "choices": [{"days": 30, "lost": 1, "kept": 3, "churn_rate": 0.25}]}
    assert choices(threshold) == {30: Choice(30, 1, 3, 0.25)}
    assert choice_words(choices(threshold)[30]) == (
        "30 days: 25.0 % of 4 customers count as lost (1 lost, 3 there)."
    )
    assert gaps(threshold, 30)["series"][0]["data"] == [[1, 50.0], [2, 100.0]]
    column = {"column": "mail", "kind": "words", "share": 0.25, "flagged": True, "distinct": 1200}
    profile = {"quality": {"taken_off": {"doubles": 0.194}}, "columns": [column]}
    assert quality_rows(profile) == [("doubles", "−0.19")]
    assert column_rows(profile) == [("mail", "words", "25.0 % (many)", "1,200")]


STAYING = {
    "cohorts": [
        {"cohort": "2023-01", "period": 0, "size": 4, "retained": 4, "ratio": 1.0},
        {"cohort": "2023-01", "period": 1, "size": 4, "retained": 1, "ratio": 0.25},
    ],
    "curve": [
        {"day": 0, "survival": 1.0, "lower": 1.0, "upper": 1.0, "at_risk": 4},
        {"day": 1, "survival": 0.5, "lower": 0.2, "upper": 0.8, "at_risk": 4},
    ],
    "median": (1, 1, None),
}


def test_who_stays() -> None:
    summary = SUMMARY | {"staying": STAYING}
    assert cohorts(summary).cells["2023-01", 1] == (1, 0.25)
    assert curve(survivors(summary))["series"]
    assert median_words(summary) == "Half are lost after 1 days (95 %: 1 to not known)."
    assert median_words(SUMMARY) == "Fewer than half are lost within the time of the file."
    assert (cohorts(SUMMARY).cells, survivors(SUMMARY)) == ({}, {}), "of a training of before"


def test_customers_lie_by_silence_and_revenue() -> None:
    one = {"user": "c1", "silence_days": 12.34, "revenue": 99.999, "tier": "high"}
    drawn = positions([one, one | {"user": "c2", "revenue": -5.0}, one | {"user": "c3", "tier": "gone"}])
    assert {s["name"]: s["data"] for s in drawn["series"]} == {
        "High": [{"name": "c1", "value": [12.3, 100.0]}], "Medium": [], "Low": [],
    }  # fmt: skip
