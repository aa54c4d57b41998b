"""The model in words, pictures and tables."""

from typing import Any

from console.shown import model

EVIDENCE = {
    "champion": "agile", "other": "own_rhythm", "examples": 1561, "days": 14, "champion_log_loss": 0.26053,
    "other_log_loss": 0.27896, "mean": -0.01843, "lower": -0.07, "upper": 0.2, "log_evidence": 0.0, "alpha": 0.05,
}  # fmt: skip
DECISIONS: list[dict[str, Any]] = [
    {
        "at_ms": 1752105600000, "kind": "start_challengers", "by": "evidence", "text": "the AUC fell",
        "detail": {"evidence": None},
    },
    {
        "at_ms": 1743984000000, "kind": "roll_out", "by": "evidence", "text": "no harm seen",
        "detail": {"evidence": EVIDENCE},
    },
]  # fmt: skip
DRIFT = {"at_ms": 1752105600000, "kind": "drift", "by": "evidence", "text": "PSI of sessions", "detail": {}}
METRICS: dict[str, Any] = {
    "examples": 20000, "log_loss": 0.21, "roc_auc": 0.8094, "pr_auc": 0.36, "brier": 0.0573, "ece": 0.0096,
    "slope": None, "observed_over_expected": 0.9377, "decided": {"threshold": 0.307, "f1": 0.366},
    "tops": [{"count": 50.0, "share": 0.0022, "precision": 0.84, "recall": 0.0246, "lift": 11.33}],
    "curve": [
        {"predicted": 0.01, "observed": 0.02, "low": 0.005, "high": 0.04, "examples": 1331},
        {"predicted": 0.31, "observed": 0.25, "low": 0.2, "high": 0.3, "examples": 1330},
    ],
}  # fmt: skip
SHOWN: dict[str, Any] = {
    "serves": [
        {
            "version": "1-a", "contestant": "agile", "share": 0.1, "examples": 36677,
            "trained_until_ms": 1752969536298, "calibrated": False, "roc_auc": 0.81,
            "metrics": {"importance_silence": 0.9, "importance_plan": 0.3, "importance_x": None, "brier": 0.05},
        }
    ],
    "announced_ms": 1752969600000, "reason": "a while has passed", "champion": "agile",
    "predecessor": "own_rhythm", "pinned": False, "pinned_version": None, "vetoed": [],
    "judged_ms": 1752969599999, "served": METRICS, "thresholds": {"medium": 0.4, "high": 0.7},
    "tiers": {
        "high": {"examples": 121, "share": 0.0061, "precision": 0.7758, "low": 0.69, "high": 0.84},
        "low": {"examples": 0, "share": 0.0, "precision": None, "low": None, "high": None},
    },
    "contact": {"cost": 50.0, "value": 200.0, "chance_of_saving": 0.814}, "chance_measured": True,
    "decisions": DECISIONS,
}  # fmt: skip
FRESH = SHOWN | {
    "announced_ms": None, "reason": None, "predecessor": None, "pinned": None, "judged_ms": None, "served": None,
    "tiers": {}, "thresholds": None, "contact": None, "chance_measured": None, "decisions": [],
}  # fmt: skip


def test_what_serves_since_when() -> None:
    assert model.tiles(SHOWN)[:3] == [
        ("Serves", "agile", "10 % of the users"),
        ("Since", "2025-07-20", "a while has passed"),
        ("ROC AUC", "0.809", "of 20,000 settled predictions"),
    ]
    assert model.tiles(FRESH)[1:3] == [("Since", "–", ""), ("ROC AUC", "–", "of – settled predictions")]
    assert model.serving_rows(SHOWN) == [
        ("1-a", "agile", "10 %", "36,677", "2025-07-19 23:58", "as it is", "0.810")
    ]


def test_how_it_stands() -> None:
    assert dict(model.standing(SHOWN)) == {
        "Champion": "agile",
        "Predecessor": "own_rhythm",
        "Pinned": "no",
        "Never promoted by evidence": "nobody",
        "Evidence": "Roll out on 2025-04-07: on 1,561 outcomes of 14 days agile had a log loss of 0.2605, "
        "own_rhythm of 0.2790",
        "Drift": "no alarm among the last 2 decisions",
    }
    fresh = dict(model.standing(FRESH))
    assert (fresh["Predecessor"], fresh["Pinned"], fresh["Drift"]) == ("none", "not told yet", "no alarm")
    pinned = dict(
        model.standing(SHOWN | {"pinned": True, "pinned_version": "1-a", "vetoed": ["ftrl", "mean"]})
    )
    assert pinned["Pinned"] == "to the version 1-a, until it is unpinned"
    assert pinned["Never promoted by evidence"] == "ftrl, mean"


def test_the_last_alarm_of_drift() -> None:
    assert model.drift([*DECISIONS, DRIFT]) == "alarm on 2025-07-10 00:00: PSI of sessions"


def test_evidence_of_those_that_rest_on_a_comparison() -> None:
    assert model.evidence([*DECISIONS, DRIFT]) == [
        (
            "2025-04-07 00:00", "Roll out", "agile and own_rhythm", "1,561 in 14 days", "0.2605 and 0.2790",
            "−0.0184 (−0.0700 to +0.2000)", "1", "0.05",
        )
    ]  # fmt: skip
    assert model.decision_rows(DECISIONS)[0] == (
        "2025-07-10 00:00",
        "Start challengers",
        "evidence",
        "the AUC fell",
    )


def test_contestants_that_predicted_nothing_yet_have_dashes() -> None:
    rows = [
        {"contestant": "agile", "role": "champion", "learned": 36677, "rolling": METRICS},
        {"contestant": "new", "role": "", "learned": 3, "rolling": None},
    ]
    assert model.contestant_rows(rows) == [
        (
            "agile (champion)", "36,677", "0.2100", "0.809", "0.360", "0.0573", "0.0096", "–", "0.938", "0.366",
        ),
        ("new", "3", *["–"] * 8),
    ]  # fmt: skip
    assert all(len(row) == 2 + len(model.FIGURE_HEADS) for row in model.contestant_rows(rows))


def test_curves_that_can_be_looked_at() -> None:
    rows: list[dict[str, Any]] = [
        {"contestant": "agile", "rolling": METRICS},
        {"contestant": "empty", "rolling": METRICS | {"curve": []}},
        {"contestant": "new", "rolling": None},
    ]
    assert list(model.curves_of(SHOWN, rows)) == [model.SERVED, "agile"]
    assert model.curves_of(FRESH, []) == {}


def test_the_reliability_curve_and_its_limits() -> None:
    drawn = model.reliability(METRICS["curve"], "agile")
    ideal, limits, curve = (one["data"] for one in drawn["series"])
    assert ideal == [[0, 0], [40.0, 40.0]]
    assert limits[:3] == [[1.0, 0.5], [1.0, 4.0], [1.0, None]]
    assert curve == [[1.0, 2.0], [31.0, 25.0]]
    assert model.reliability_rows(METRICS["curve"])[0] == ("1.0 %", "2.0 % (0.5 to 4.0)", "1,331")


def test_a_curve_up_to_one_stays_within_the_picture() -> None:
    bins = [METRICS["curve"][0] | {"predicted": 0.99, "high": 1.0}]
    assert model.reliability(bins, "x")["xAxis"]["max"] == 100.0


def test_what_weighs_most_by_theme() -> None:
    themes = model.importances(SHOWN)
    assert list(themes.items()) == [("silence", 0.9), ("plan", 0.3)]
    assert model.importance(themes)["series"][0]["data"] == [0.9, 0.3]
    assert model.importance_rows(themes) == [("silence", "0.900"), ("plan", "0.300")]


def test_tiers_and_the_rule_of_contacts() -> None:
    assert model.tier_rows(SHOWN) == [
        ("high", "70.0 %", "121", "0.6 %", "77.6 % (69.0 to 84.0)"),
        ("low", "0.0 %", "0", "0.0 %", "–"),
    ]
    assert model.contact_words(SHOWN) == (
        "A contact costs 50.00, a customer who is kept is worth 200, and 81.4 % of those contacted are kept "
        "(as measured). It pays from a risk of 30.7 % on."
    )
    assert model.contact_words(FRESH) == "When a contact pays is not told yet."


def test_precision_of_the_first_so_many() -> None:
    assert model.top_rows(METRICS) == [("50", "0.2 %", "84.0 %", "2.5 %", "11.3")]
    assert model.top_rows(None) == []


def version(name: str, **more: Any) -> dict[str, Any]:
    return {
        "version": name, "contestant": "agile", "good": True, "refused": None, "serves": 0.0, "examples": 1200,
        "trained_until_ms": 1752969536298, "kept": [],
    } | more  # fmt: skip


def test_versions_and_whom_a_pin_may_name() -> None:
    versions = [
        version("3", serves=0.5, kept=["champion", "pinned"]),
        version("2"),
        version(
            "1", good=False, refused="its signature", contestant=None, examples=None, trained_until_ms=None
        ),
    ]
    assert model.version_rows(versions) == [
        ("3", "agile", "serves 50 %", "1,200", "2025-07-19 23:58", "champion, pinned"),
        ("2", "agile", "good", "1,200", "2025-07-19 23:58", "–"),
        ("1", "–", "refused: its signature", "–", "–", "–"),
    ]
    assert list(model.nameable([{"contestant": "ftrl"}], versions)) == ["", "ftrl", "3", "2"]


def test_what_came_of_an_order() -> None:
    assert model.answer_words([]).startswith("No trainer has answered yet")
    assert model.answer_words([{"kind": "roll_out", "text": "ordered"}]) == "Roll out: ordered."
