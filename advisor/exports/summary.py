"""What was found, on two pages for who decides: by what makes the weekly report."""

from datetime import UTC, date, datetime

from advisor.exports.pictures import ahead, reasons, sureness
from advisor.training.names import AT_RISK
from advisor.training.training import Summary
from batch_jobs.reports.report import Report
from batch_jobs.reports.section import MOST_ROWS, Grid, Picture, Section, png
from domain.calendar import DAY_MS
from online_model.quality.metrics import Metrics

SCENARIOS = {
    "top_50": "The first 50", "top_100": "The first 100", "top_200": "The first 200", "all_at_risk": "All at risk",
}  # fmt: skip
_RULES = 3


def report(name: str, summary: Summary, inactivity_days: int, horizon_days: int, today: date) -> Report:
    """
    Args:
        name: of the file, as it is shown.
        inactivity_days: of silence that make a customer gone.
        today: when it was made.
    """
    end = datetime.fromtimestamp(summary.last_ms / 1000, UTC).date()
    days = (summary.last_ms - summary.first_ms) / DAY_MS
    subtitle = (
        f"As of {end}, from {days:,.0f} days of {name}. Gone is who has been silent for {inactivity_days} days; the "
        f"others may become so within {horizon_days} days."
    )
    parts = [_at_risk(summary), _contacts(summary), _reasons(summary), _sure(summary), _warned(summary)]
    return Report(today, [part for part in parts if part is not None], "Who is about to leave", subtitle)


def _at_risk(summary: Summary) -> Section:
    everybody, *tiers = summary.at_risk
    words = [
        f"{summary.customers:,} customers, of whom {summary.gone:,} are gone. Of the other {everybody.customers:,} "
        f"some {everybody.would_leave:,.0f} are expected to leave, and {everybody.at_risk:,.0f} of the "
        f"{everybody.value:,.0f} with them that they brought in the last half year."
    ]
    rows = [
        (
            (tier.tier or "").capitalize(), f"{tier.customers:,}", f"{tier.would_leave:,.0f}", f"{tier.value:,.0f}",
            f"{tier.at_risk:,.0f}", f"{tier.recoverable:,.0f}",
        )
        for tier in tiers
    ]  # fmt: skip
    head = ("Tier", "Customers", "Would leave", "Bring", "At risk", "Recoverable")
    picture = Picture(
        "months", png(ahead(summary.months)), "Revenue and customers by month, and the next months"
    )
    return Section("What is at risk", words, Grid(head, rows), picture)


def _contacts(summary: Summary) -> Section:
    rows = []
    for kind, found in summary.scenarios.items():
        even = "never" if found.break_even is None else f"{found.break_even:.1%}"
        rows.append(
            (
                SCENARIOS[kind], f"{found.contacted:,}", f"{found.saved:,.1f}", f"{found.cost:,.0f}",
                f"{found.gain:,.0f}", f"{found.gain_low:,.0f} to {found.gain_high:,.0f}", even,
            )
        )  # fmt: skip
    words = [
        f"Of the {' and '.join(AT_RISK)} tier, the most gain first. The limits are of chance alone; the share that a "
        "contact keeps is a guess until some customers are left alone by lot, so look at the last column: the share "
        "from which on it pays."
    ]
    head = ("Contacted", "Customers", "Kept", "Cost", "Gain", "95 % limits", "Pays from")
    return Section("Whom to contact", words, Grid(head, rows))


def _reasons(summary: Summary) -> Section:
    words = [
        f"{rule.share:.0%} were lost of those with {rule.text}."
        for rule in summary.rules[:_RULES]
        if rule.share is not None
    ]
    kept = summary.rules[-1] if len(summary.rules) > _RULES else None
    if kept is not None and kept.share is not None:
        words.append(f"Only {kept.share:.0%} were lost of those with {kept.text}.")
    drawn = Picture(
        "reasons", png(reasons(summary)), "What moves the risk most, and how the risk goes with it"
    )
    return Section("Why customers leave", words, picture=drawn if summary.importance else None)


def _sure(summary: Summary) -> Section:
    champion = summary.contestants[0]
    words = [
        f"Judged on {summary.snapshots:,} snapshots that were not known when they were predicted. Scores are by "
        f"{summary.served}."
    ]
    rows = [
        ("Told apart (AUC; 0.5 is chance)", _figure(champion.metrics.roc_auc)),
        ("Log loss", _figure(champion.metrics.log_loss)),
        ("F1, and F1 of flagging everybody", f"{_f1(champion.metrics)}, {_figure(champion.f1_of_all)}"),
        ("0.4 F1 + 0.3 recall + 0.2 ROI + 0.1 stability", _figure(champion.score)),
    ]
    words_of_it = "Predicted beside what came of it, and how many of those ranked first were lost"
    drawn = Picture("sureness", png(sureness(champion.metrics)), words_of_it)
    return Section("How sure this is", words, Grid(("Figure", "Value"), rows), drawn)


def _warned(summary: Summary) -> Section | None:
    rows = [
        (
            one.user,
            one.before,
            one.now,
            f"{one.probability_before:.0%}",
            f"{one.probability:.0%}",
            f"{one.at_risk:,.0f}",
        )
        for one in summary.warnings[:MOST_ROWS]
    ]  # fmt: skip
    if not rows:
        return None
    head = ("Customer", "A week before", "Now", "Risk then", "Risk now", "At risk")
    words = [
        f"{len(summary.warnings):,} customers moved to a higher tier within a week; the most money first."
    ]
    return Section("Who has come nearer to leaving", words, Grid(head, rows))


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _f1(metrics: Metrics) -> str:
    return _figure(None if metrics.decided is None else metrics.decided.f1)
