"""What serves and on what evidence, how good everybody is, and which versions there are."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from console.shown.charts import BLUE, COLOURS, INK, cartesian, legend, line
from console.shown.words import DASH, day, minute, money, number, percent, plain, title

Rows = Sequence[Mapping[str, Any]]

SERVED: Final = "what was served"
_IMPORTANCE: Final = "importance_"
_DRIFT: Final = "drift"
_IDEAL: Final = "rgba(128,140,152,0.9)"
_FIGURES: Final = ("log_loss", "roc_auc", "pr_auc", "brier", "ece", "slope", "observed_over_expected")
FIGURE_HEADS: Final = ("Log loss", "ROC AUC", "PR AUC", "Brier", "ECE", "Slope", "Observed / expected", "F1")


def tiles(shown: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What serves, since when, and how good it was: label, figure, beside."""
    served = shown["served"] or {}
    newest = shown["serves"][0]
    return [
        ("Serves", newest["contestant"], f"{percent(newest['share'], 0)} of the users"),
        ("Since", day(shown["announced_ms"]), shown["reason"] or ""),
        (
            "ROC AUC",
            _digits(served.get("roc_auc")),
            f"of {number(served.get('examples'))} settled predictions",
        ),
        ("Log loss", _digits(served.get("log_loss"), 4), "of what was served"),
        ("Judged until", day(shown["judged_ms"]), "event time"),
    ]


def standing(shown: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Who is champion, who was, and what people have ordered."""
    pinned = {None: "not told yet", True: "yes, until it is unpinned", False: "no"}[shown["pinned"]]
    if shown["pinned_version"]:
        pinned = f"to the version {shown['pinned_version']}, until it is unpinned"
    return [
        ("Champion", shown["champion"]),
        ("Predecessor", shown["predecessor"] or "none"),
        ("Pinned", pinned),
        ("Never promoted by evidence", ", ".join(shown["vetoed"]) or "nobody"),
        ("Evidence", last_evidence(shown["decisions"])),
        ("Drift", drift(shown["decisions"])),
    ]


def last_evidence(decisions: Rows) -> str:
    """Of the last decision that rests on a comparison."""
    for one in decisions:
        if (found := one["detail"].get("evidence")) is not None:
            return (
                f"{title(one['kind'])} on {day(one['at_ms'])}: on {found['examples']:,} outcomes of "
                f"{found['days']} days {found['champion']} had a log loss of {found['champion_log_loss']:.4f}, "
                f"{found['other']} of {found['other_log_loss']:.4f}"
            )
    return "no comparison among the last decisions"


def drift(decisions: Rows) -> str:
    """The last alarm, as far as the API tells decisions."""
    for one in decisions:
        if one["kind"] == _DRIFT:
            return f"alarm on {minute(one['at_ms'])}: {one['text']}"
    return f"no alarm among the last {len(decisions)} decisions" if decisions else "no alarm"


def serving_rows(shown: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Version, contestant, share of the users, examples, trained until, calibrated, AUC."""
    return [
        (
            row["version"],
            row["contestant"],
            percent(row["share"], 0),
            number(row["examples"]),
            minute(row["trained_until_ms"]),
            "yes" if row["calibrated"] else "as it is",
            _digits(row["roc_auc"]),
        )
        for row in shown["serves"]
    ]


def evidence(decisions: Rows) -> list[tuple[str, ...]]:
    """Of decisions that rest on a comparison: when, what, who, outcomes, log losses, difference, e-value, alpha."""
    return [
        (
            minute(one["at_ms"]),
            title(one["kind"]),
            f"{found['champion']} and {found['other']}",
            f"{found['examples']:,} in {found['days']} days",
            f"{found['champion_log_loss']:.4f} and {found['other_log_loss']:.4f}",
            f"{found['mean']:+.4f} ({found['lower']:+.4f} to {found['upper']:+.4f})".replace("-", "−"),
            f"{math.exp(found['log_evidence']):.3g}",
            f"{found['alpha']:.3g}",
        )
        for one in decisions
        if (found := one["detail"].get("evidence")) is not None
    ]


def decision_rows(decisions: Rows) -> list[tuple[str, ...]]:
    """When, what, by whom, and why; the last one first."""
    return [(minute(one["at_ms"]), title(one["kind"]), one["by"], one["text"]) for one in decisions]


def contestant_rows(contestants: Rows) -> list[tuple[str, ...]]:
    """Contestant with its part in the tournament, examples that it has learned, and figures, in the API's order."""
    return [
        (
            row["contestant"] + (f" ({row['role']})" if row["role"] else ""),
            number(row["learned"]),
            *_figures(row["rolling"]),
        )
        for row in contestants
    ]


def curves_of(shown: Mapping[str, Any], contestants: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Bins of the reliability curve, by name: what was served, then contestants in the API's order."""
    served = shown["served"]
    found = {} if served is None else {SERVED: served["curve"]}
    found |= {row["contestant"]: row["rolling"]["curve"] for row in contestants if row["rolling"]}
    return {name: bins for name, bins in found.items() if bins}


def reliability(bins: Rows, name: str) -> dict[str, Any]:
    """Share that was lost beside the risk that was said, with 95 % limits upright; the diagonal is as it should be.

    Args:
        bins: with predictions ascending.
    """
    most = max(max(row["predicted"], row["high"]) for row in bins)
    end = math.ceil(10 * most) * 10.0
    limits: list[list[Any]] = []
    for row in bins:
        at = _hundred(row["predicted"])
        limits += [[at, _hundred(row["low"])], [at, _hundred(row["high"])], [at, None]]
    return cartesian(
        {"type": "value", "min": 0, "max": end, "name": "risk that was said, %"},
        {"type": "value", "min": 0, "max": end, "name": "lost, %", "nameGap": 36},
        **legend(("As it should be", name)),
        tooltip={"trigger": "item", "confine": True},
        series=[
            line("As it should be", [[0, 0], [end, end]], silent=True, **_coloured(_IDEAL, "dashed")),
            line("95 % limits", limits, silent=True, **_coloured(BLUE)),
            line(
                name,
                [[_hundred(row["predicted"]), _hundred(row["observed"])] for row in bins],
                showSymbol=True,
                symbolSize=7,
                itemStyle={"color": BLUE},
                lineStyle={"opacity": 0.5},
            ),
        ],
    )


def reliability_rows(bins: Rows) -> list[tuple[str, str, str]]:
    """Risk that was said, share that was lost with limits, examples."""
    return [
        (
            percent(row["predicted"]),
            f"{percent(row['observed'])} ({100 * row['low']:.1f} to {100 * row['high']:.1f})",
            number(row["examples"]),
        )
        for row in bins
    ]


def importances(shown: Mapping[str, Any]) -> dict[str, float]:
    """What weighs how much in the version that serves, by theme, the heaviest first."""
    metrics = shown["serves"][0]["metrics"]
    found = {
        plain(name.removeprefix(_IMPORTANCE)): value
        for name, value in metrics.items()
        if name.startswith(_IMPORTANCE) and value is not None
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def importance(themes: Mapping[str, float]) -> dict[str, Any]:
    """The same as bars."""
    return cartesian(
        {"type": "value", "name": "mean weight, log-odds"},
        {
            "type": "category",
            "data": list(themes),
            "inverse": True,
            "axisLabel": {"color": INK, "interval": 0},
        },
        grid={"left": 20, "right": 18, "top": 8, "bottom": 30, "containLabel": True},
        tooltip={"trigger": "item", "confine": True},
        series=[
            {
                "type": "bar",
                "name": "Weight",
                "itemStyle": {"color": COLOURS[0]},
                "data": [round(value, 3) for value in themes.values()],
            }
        ],
    )


def importance_rows(themes: Mapping[str, float]) -> list[tuple[str, str]]:
    """And in figures."""
    return [(name, f"{value:.3f}") for name, value in themes.items()]


def tier_rows(shown: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Tier, risk from which on, examples, share of all, and how many of them were lost with limits."""
    begins = shown["thresholds"] or {}
    return [
        (
            tier,
            percent(begins.get(tier, 0.0 if begins else None)),
            number(row["examples"]),
            percent(row["share"]),
            DASH
            if row["precision"] is None
            else f"{percent(row['precision'])} ({100 * row['low']:.1f} to {100 * row['high']:.1f})",
        )
        for tier, row in shown["tiers"].items()
    ]


def contact_words(shown: Mapping[str, Any]) -> str:
    """From which risk on a contact pays, and why."""
    contact, decided = shown["contact"], (shown["served"] or {}).get("decided")
    if contact is None:
        return "When a contact pays is not told yet."
    measured = "as measured" if shown["chance_measured"] else "a guess"
    pays = "" if decided is None else f" It pays from a risk of {percent(decided['threshold'])} on."
    return (
        f"A contact costs {money(contact['cost'])}, a customer who is kept is worth {money(contact['value'])}, and "
        f"{percent(contact['chance_of_saving'])} of those contacted are kept ({measured}).{pays}"
    )


def top_rows(served: Mapping[str, Any] | None) -> list[tuple[str, ...]]:
    """Of those at the highest risk, first so many: share of all, precision, recall, lift."""
    return [
        (
            number(row["count"]),
            percent(row["share"]),
            percent(row["precision"]),
            percent(row["recall"]),
            number(row["lift"], 1),
        )
        for row in ((served or {}).get("tops") or [])
    ]


def version_rows(versions: Rows) -> list[tuple[str, ...]]:
    """Version, contestant, state, examples, trained until, why it is kept."""
    return [
        (
            row["version"],
            row["contestant"] or DASH,
            _state(row),
            number(row["examples"]),
            minute(row["trained_until_ms"]),
            ", ".join(row["kept"]) or DASH,
        )
        for row in versions
    ]


def nameable(contestants: Rows, versions: Rows) -> dict[str, str]:
    """Whom an order to pin may name: what serves, contestants, and good versions."""
    return (
        {"": "What serves now, and later versions of it"}
        | {row["contestant"]: f"{row['contestant']}, and later versions of it" for row in contestants}
        | {
            row["version"]: f"The version {row['version']} ({row['contestant']})"
            for row in versions
            if row["good"]
        }
    )


def answer_words(items: Rows) -> str:
    """What the trainer has answered to an order."""
    if not items:
        return "No trainer has answered yet: the order stands, and is carried out when one comes to it."
    return " ".join(f"{title(one['kind'])}: {one['text']}." for one in items)


def _state(row: Mapping[str, Any]) -> str:
    if not row["good"]:
        return f"refused: {row['refused']}"
    return f"serves {percent(row['serves'], 0)}" if row["serves"] else "good"


def _figures(measured: Mapping[str, Any] | None) -> tuple[str, ...]:
    if measured is None:
        return tuple(DASH for _ in FIGURE_HEADS)
    decided = measured["decided"] or {}
    precise = {"log_loss": 4, "brier": 4, "ece": 4}
    return (*(_digits(measured[name], precise.get(name, 3)) for name in _FIGURES), _digits(decided.get("f1")))


def _digits(value: float | None, digits: int = 3) -> str:
    return DASH if value is None else f"{value:.{digits}f}"


def _coloured(colour: str, kind: str = "solid") -> dict[str, Any]:
    return {"itemStyle": {"color": colour}, "lineStyle": {"color": colour, "type": kind, "width": 1.5}}


def _hundred(share: float) -> float:
    return round(100 * share, 2)
