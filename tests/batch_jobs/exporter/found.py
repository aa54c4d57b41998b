"""Results as the jobs leave them, of a size of choice."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import product
from typing import Any

import pyarrow as pa

Tables = Mapping[str, pa.Table]
MONDAY = date(2024, 1, 1)


def rows(found: list[dict[str, Any]]) -> pa.Table:
    """A table of dictionaries."""
    return pa.Table.from_pylist(found)


def overview(channels: int = 3) -> Tables:
    """As of `batch_jobs.overview`."""
    figures = [
        {"figure": "users", "value": 100.0, "before": 90.0, "unit": "users"},
        {"figure": "churn_rate", "value": 0.25, "before": None, "unit": "share"},
        {"figure": "revenue", "value": 1234.5, "before": 1000.0, "unit": "money"},
    ]
    period = {"since": date(2024, 4, 6), "until": date(2024, 5, 6)}
    churn = [{"dimension": "all", "value": "all", "users": 80, "lost": 20, "rate": 0.25}] + [
        {"dimension": "channel", "value": f"c{n}", "users": 10 * (channels - n), "lost": 1, "rate": 0.1}
        for n in range(channels)
    ]
    return {"figures": rows([row | period for row in figures]), "churn": rows(churn)}


def retention(cohorts: int = 5) -> Tables:
    """Weekly cohorts of everybody, and what the exporter must leave out; the last cells are not ripe."""
    cells, sizes = [], []
    for n in range(cohorts):
        cohort = MONDAY + timedelta(weeks=n)
        sizes += [
            _slice("week", "all", cohort=cohort, size=50 + n),
            _slice("month", "all", cohort=cohort, size=9),
        ]
        for period, (grain, kind, dimension) in product(
            range(cohorts - n), (("week", "classic", "all"), ("week", "unbounded", "all"), ("day", "classic", "all"),
                                 ("week", "classic", "plan"))
        ):  # fmt: skip
            cells.append(
                _slice(grain, dimension, kind=kind, cohort=cohort, period=period, size=50 + n, retained=40,
                       ratio=1 / (1 + period))
            )  # fmt: skip
    mean = [_slice("week", "all", kind="classic", period=p, ratio=1 / (1 + p)) for p in range(cohorts)]
    return {"retention": rows(cells), "cohorts": rows(sizes), "retention_curve": rows(mean)}


def survival(groups: int = 2, days: int = 40) -> Tables:
    """Curves of everybody and of some plans; the last day of the last plan is followed by nobody."""
    names = [("all", "all"), *(("plan", f"p{n}") for n in range(groups))]
    curves, medians = [], []
    for (kind, group), view in product(names, ("passage", "onset")):
        users = 1000 if kind == "all" else 500 - int(group[1:])
        medians.append(
            {
                "view": view,
                "group_kind": kind,
                "group": group,
                "users": users,
                "events": 5,
                "median": None,
                "small": False,
            }
        )
        for day in range(days):
            share = None if kind == "plan" and day == days - 1 else 1 - day / (2 * days)
            curves.append(
                {"view": view, "group_kind": kind, "group": group, "day": day, "survival": share, "lower": share,
                 "upper": share, "at_risk": users - day, "small": False}
            )  # fmt: skip
    medians[0]["median"] = 31
    logrank = [
        {"view": view, "group_kind": "plan", "group_a": a, "group_b": b, "statistic": 9.5, "p": 0.01}
        for view, (a, b) in product(("passage", "onset"), (("all", "all"), ("p0", "p1")))
    ]
    return {"curves": rows(curves), "medians": rows(medians), "logrank": rows(logrank)}


def segments(count: int = 3) -> Tables:
    """Some segments, their movement and what became of them."""
    names = [f"s{n:02d}" for n in range(count)]
    return {
        "segments": rows(
            [
                {"segment": s, "users": 100 - n, "active": 5, "share": 0.1, "revenue": 12345}
                for n, s in enumerate(names)
            ]
        ),
        "points": rows(
            [
                {"kind": kind, "group": 0, "segment": "Casual", "x": 1.0, "y": 2.0}
                for kind in ("user", "centre")
            ]
        ),
        "axes": rows(
            [{"axis": axis, "explained": 0.4, "feature": "f", "loading": 0.5} for axis in ("x", "y")]
        ),
        "next_period": rows(
            [
                {"segment": s, "churn": 0.5, "low": 0.4, "high": 0.6, "users": 5, "known": 5, "lost": 2}
                for s in names
            ]
        ),
        "movement": rows(
            [
                {
                    "since": MONDAY,
                    "until": MONDAY + timedelta(days=7),
                    "from_segment": s,
                    "to_segment": None,
                    "users": 7,
                }
                for s in names
            ]
            + [
                {
                    "since": MONDAY,
                    "until": MONDAY + timedelta(days=7),
                    "from_segment": names[0],
                    "to_segment": names[-1],
                    "users": 4,
                }
            ]
        ),
    }


def engagement(channels: int = 2, weeks: int = 3) -> Tables:
    """Two days of everybody, of channels, and of a pair of dimensions; some weeks, with as many features."""
    activity = []
    for day in (MONDAY, MONDAY + timedelta(days=1)):
        for n, (dimension, value, second) in enumerate(
            [
                ("all", "all", ""),
                *(("channel", f"c{n}", "") for n in range(channels)),
                ("channel", "c0", "plan"),
            ]
        ):
            users = {"dau": 50 - n, "wau": 70 - n, "mau": None, "stickiness": None}
            activity.append({"day": day, "dimension": dimension, "value": value, "second": second, **users})
    starts = [MONDAY - timedelta(weeks=n) for n in range(max(weeks, channels))]
    life = {"active": 10, "new": 3, "kept": 6, "resurrected": 1, "dormant": 2}
    steps = {"users": 50, "active": 40, "trials": 20, "paid": 5}
    return {
        "activity": rows(activity),
        "lifecycle": rows(
            [_slice(grain, dimension, start=start, **life)
             for start, (grain, dimension) in product(starts, (("week", "all"), ("month", "all"), ("week", "plan")))]
        ),
        "features": rows(
            [{"grain": "week", "start": start, "feature": f"f{n}", "users": n + 1, "adoption": 0.1}
             for start, n in product(starts, range(channels))]
        ),
        "conversion": rows([{"grain": "week", "start": start, "conversion": 0.5} for start in starts]),
        "funnel": rows([_slice("week", dimension, cohort=start, **steps)
                        for start, dimension in product(starts, ("all", "plan"))]),
        "churn": rows(
            [_slice("", dimension, at=start, definition=of, users=5, lost=1, rate=0.2, low=0.1, high=0.3)
             | ({} if dimension == "all" else {"value": f"c{n}"})
             for start, of, (n, dimension) in product(
                 starts, ("inactivity", "cancellation"),
                 ((0, "all"), *((n, "channel") for n in range(channels))))]
        ),
    }  # fmt: skip


def value(plans: int = 2) -> Tables:
    """By plan; the first month is not the last."""
    names = [("all", "all"), *(("plan", f"p{n}") for n in range(plans))]
    groups = [{"grouping": grouping, "group": group} for grouping, group in names]
    return {
        "revenue_at_risk": rows(
            [g | {"users": 50 - n, "known": 9, "value": 1e4, "at_risk": 5e3, "recoverable": 250.0}
             for n, g in enumerate(groups)]
        ),
        "tiers": rows(
            [g | {"tier": tier, "users": 20 + m - n}
             for n, g in enumerate(groups) for m, tier in enumerate(("high", "low"))]
        ),
        "tier_moves": rows(
            [{"tier_before": "medium", "tier": "high", "users": 7, "value": 9e3, "at_risk": 1250.0}]
        ),
        "ltv": rows(
            [g | {"members": 50 - n, "months": m, "value": 100.0 * m, "low": 1.0, "high": 999.0,
                  "extrapolated": m > 6}
             for n, g in enumerate(groups) for m in (6, 12)]
        ),
        "arpu": rows(
            [g | {"month": f"2024-0{m}", "active": 50 - n, "arpu": 100.0 * m}
             for n, g in enumerate(groups) for m in (1, 2)]
        ),
        "history": rows([{"series": "revenue", "month": f"2024-0{m}", "value": 1e4} for m in range(1, 7)]),
        "forecast": rows(
            [{"series": "revenue", "horizon": 3, "step": m, "month": f"2024-0{6 + m}", "value": 1e4, "low_80": 9e3,
              "high_80": 2e4, "low_95": 8e3, "high_95": 3e4} for m in (1, 2, 3)]
        ),
        "reasons": rows([{"table": "trials", "reason": "there are none"}]),
    }  # fmt: skip


def _slice(grain: str, dimension: str, **others: Any) -> dict[str, Any]:
    return {
        "grain": grain,
        "dimension": dimension,
        "value": dimension,
        "second": "",
        "second_value": "",
        **others,
    }


def learners() -> dict[str, pa.Table]:
    """One refitted model, and what was served, which is better."""
    rows = [
        {
            "model": "svm",
            "log_loss": 0.3,
            "roc_auc": 0.7,
            "f1": 0.2,
            "f1_of_all": 0.25,
            "score": None,
            "examples": 1234,
        },
        {
            "model": "served",
            "log_loss": 0.2,
            "roc_auc": 0.8,
            "f1": 0.3,
            "f1_of_all": 0.25,
            "score": 0.4,
            "examples": 1234,
        },
    ]
    return {"learner_scores": pa.Table.from_pylist(rows)}
