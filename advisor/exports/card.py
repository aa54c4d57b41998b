"""The model card (Mitchell et al. 2019, "Model Cards for Model Reporting"): what the model is for, what it was made
of, how good it is and where it is not."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Final, NamedTuple

from advisor.exports.names import SHOWN
from advisor.exports.pictures import sureness
from advisor.intake.canonical import Canonical
from advisor.intake.mapping import CONTACTS, Mapping, Role
from advisor.training.training import Summary
from batch_jobs.reports.report import Report, html
from batch_jobs.reports.section import Grid, Picture, Section, png
from domain.calendar import DAY_MS
from online_model.quality.metrics import Metrics
from online_model.refitted.frozen import is_refitted
from online_model.registry.manifest import Manifest

_YEAR: Final = 365
_WITHOUT: Final[dict[Role, str]] = {
    "quantity": "how many pieces are bought",
    "order": "which lines belong together: each counts as an order of its own",
    "product": "whether customers buy the same again",
    "category": "what kinds of things customers buy",
    "channel": "how customers came; nor whether the model errs more on those of one channel",
    "plan": "what customers have subscribed to; nor whether the model errs more on those of one plan",
}


_UNUSED: Final = frozenset({*CONTACTS, "discount"})


class Made(NamedTuple):
    """What a card is about."""

    file: str
    """Name, as it is shown."""
    told: Canonical
    mapping: Mapping
    summary: Summary
    manifest: Manifest
    """Of the model that scores."""
    today: date
    """When it was trained."""


def card(made: Made) -> str:
    """A page of HTML that needs nothing beside it, and runs nothing."""
    facts, manifest = made.manifest.training.facts, made.manifest
    inactivity, horizon = facts.inactivity_ms / DAY_MS, facts.horizon_ms / DAY_MS
    subtitle = (
        f"{manifest.training.name}, version {manifest.version}, trained on {made.file} on {made.today}. It says how "
        f"likely a customer is to be gone within {horizon:g} days: to have been silent for {inactivity:g} days."
    )
    parts = [
        _use(horizon),
        _data(made),
        *_judged(made.summary),
        *_segments(made.summary),
        _limits(made),
        _version(made),
    ]
    return html(Report(made.today, parts, "Model card", subtitle))


def _use(horizon: float) -> Section:
    return Section(
        "What it is for",
        [
            f"To choose whom to contact before they leave, within the {horizon:g} days after the end of the file, "
            "and to see what moves the risk. People decide what is done.",
            "It is not for decisions that are to a customer's disadvantage, such as prices, credit or service, nor "
            "for customers of another business. What it says of a cause is a guess: a reason moves the score, and "
            "need not move the customer.",
        ],
    )


def _data(made: Made) -> Section:
    told, summary = made.told, made.summary
    left_out = ", ".join(f"{reason} {count:,}" for reason, count in told.rejected.items())
    first, last = (
        datetime.fromtimestamp(ms / 1000, UTC).date() for ms in (summary.first_ms, summary.last_ms)
    )
    rows = [
        ("Rows of the file", f"{told.rows:,}"),
        ("Rows that are used", f"{told.events:,}"),
        ("Rows that are left out", f"{told.rows - told.events:,}{f' ({left_out})' if left_out else ''}"),
        ("Customers", f"{summary.customers:,}, {summary.gone:,} of them gone at the end"),
        ("From", f"{first}"),
        ("To", f"{last}, {told.days:,.0f} days later"),
        ("Outcomes learned from", f"{made.manifest.training.examples:,}"),
    ]
    columns = made.mapping.columns
    used = ", ".join(f"{column} ({role})" for role, column in columns.items() if role not in _UNUSED)
    words = [f"Columns that are used: {used}."]
    apart = [columns[role] for role in CONTACTS if role in columns]
    words += (
        [f"For lists of whom to contact only, and not learned from: {', '.join(apart)}."] if apart else []
    )
    return Section("What it was made of", words, Grid(("Data", ""), rows))


def _judged(summary: Summary) -> Iterator[Section]:
    head = ("Contestant", "Snapshots", "Lost", "AUC", "Log loss", "F1", "F1 of all", "Recall", "Score")
    rows = [
        (
            f"{one.name}{' (scores)' if one.name == summary.served else ''}",
            f"{one.metrics.examples:,}",
            _share(one.metrics.base_rate),
            _figure(one.metrics.roc_auc),
            _figure(one.metrics.log_loss),
            _figure(None if one.metrics.decided is None else one.metrics.decided.f1),
            _figure(one.f1_of_all),
            _figure(None if one.metrics.decided is None else one.metrics.decided.recall),
            _figure(one.score),
        )
        for one in summary.contestants
    ]
    middle = datetime.fromtimestamp(summary.middle_ms / 1000, UTC).date()
    words = [
        f"On {summary.snapshots:,} snapshots from {middle} on, each predicted before its outcome was known. F1 and "
        "recall are at the threshold from which on a contact pays; “F1 of all” is that of flagging everybody, and an "
        "F1 that is not above it tells nothing. “champion” is whoever served at the time.",
    ]
    refitted = any(is_refitted(one.name) for one in summary.contestants)
    words += ["Models with a date were judged from that day on only."] if refitted else []
    yield Section("How good it is", words, Grid(head, rows))
    found = {one.name: one.metrics for one in summary.contestants}
    yield _calibration(found.get(summary.served, summary.contestants[0].metrics))


def _calibration(metrics: Metrics) -> Section:
    rows = [
        ("Mean probability", _share(metrics.mean_prediction)),
        ("Share that was lost", _share(metrics.base_rate)),
        ("Calibration error (ECE, 15 bins)", _figure(metrics.ece)),
        ("Slope (1 is right)", _figure(metrics.slope)),
        ("Intercept (0 is right)", _figure(metrics.intercept)),
    ]
    words = ["Whether of those with a risk of 30 % some 30 % were lost."]
    drawn = Picture("sureness", png(sureness(metrics)), SHOWN["sureness"])
    return Section("Whether its probabilities are right", words, Grid(("Figure", "Value"), rows), drawn)


def _segments(summary: Summary) -> Iterator[Section]:
    head = ("Value", "Snapshots", "Lost", "Predicted", "Difference", "AUC", "Log loss")
    for label, members in groupby(summary.segments, lambda one: one.label):
        rows = [
            (
                one.value,
                f"{one.snapshots:,}",
                _share(one.lost),
                _share(one.predicted),
                f"{100 * (one.predicted - one.lost):+.1f} points".replace("-", "−"),
                _figure(one.roc_auc),
                _figure(one.log_loss),
            )
            for one in members
        ]
        words = [
            "Where more were predicted than lost, customers are contacted without need; where fewer, overlooked."
        ]
        yield Section(f"Whether it errs more on some: by {label}", words, Grid(head, rows))


def _limits(made: Made) -> Section:
    lacking = [said for role, said in _WITHOUT.items() if role not in made.mapping.columns]
    words = [f"The file does not say {said}." for said in lacking]
    if made.told.days < _YEAR:
        words.append(f"It spans {made.told.days:,.0f} days: what comes once a year is not seen twice.")
    if made.told.rows and (share := 1 - made.told.events / made.told.rows) >= 0.01:
        words.append(
            f"{share:.1%} of its rows cannot be used, and nothing is known of what they would have said."
        )
    if not made.summary.segments:
        words.append("Whether it errs more on some customers than on others cannot be seen in this file.")
    words += [
        "It knows purchases and nothing else: neither visits, nor complaints, nor what others offer.",
        "How many a contact keeps is assumed, not measured.",
        "What changes in the business after the end of the file is not in it: train again on newer data.",
    ]
    return Section("What it cannot know", words)


def _version(made: Made) -> Section:
    training, software = made.manifest.training, made.manifest.software
    rows = [
        ("Version", made.manifest.version),
        ("Model", f"{training.name} ({training.kind})"),
        ("Trained", f"{made.today}"),
        ("Knows outcomes until", f"{datetime.fromtimestamp(training.last_due_ms / 1000, UTC):%Y-%m-%d}"),
        ("Seed", f"{training.seed}"),
        ("Features", made.manifest.feature_schema),
        ("Software", f"Python {software.python}, River {software.river}, NumPy {software.numpy}"),
    ]
    return Section("Which one it is", [], Grid(("", ""), rows))


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".replace("-", "−")
