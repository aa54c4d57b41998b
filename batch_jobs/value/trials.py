"""Who of those on trial will pay: from what a user does in the first days.

At a landmark of so many days (the first is that of the trial's start), users who have not paid yet are told apart by
what they did until then: a landmark model (van Houwelingen 2007, Scand. J. Statistics 34), by logistic regression on
scaled ln(1 + x). It is judged in the order of time: learned from trials whose outcome was due before the trials began
that it is judged on, the last `TESTED` of those known. What serves is then learned from all known ones.
"""

from pathlib import Path
from typing import Any, Final, NamedTuple

import ibis
import numpy as np
import numpy.typing as npt
from ibis.expr.types import Table
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from batch_jobs.star.star import Star

LANDMARKS: Final = (1, 3, 7, 14)
WITHIN_DAYS: Final = 30
"""A trial is won if the user pays within so many days of its start, lost otherwise."""
TESTED: Final = 0.3
SAMPLE: Final = 50_000
FEWEST: Final = 20
"""Won and lost trials each, to learn from and to be judged on."""
BINS: Final = 5
FEATURES: Final = (
    "active_days",
    "activities",
    "sessions",
    "minutes",
    "pages",
    "conversions",
    "tickets",
    "silent_days",
)
_MINUTE_MS: Final = 60_000.0

Matrix = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = list[dict[str, Any]]


class Model(NamedTuple):
    """log-odds = intercept + Σ weight · ln(1 + x); shapes (features,)."""

    intercept: float
    weights: Matrix

    def probabilities(self, rows: Matrix) -> Matrix:
        """Of rows of x, shape (n, features)."""
        return np.asarray(1 / (1 + np.exp(-(self.intercept + np.log1p(rows) @ self.weights))))


class Known(NamedTuple):
    """Trials whose outcome is due, in the order of (start, user's hash); shapes (n, …)."""

    rows: Matrix
    won: Bools
    started: npt.NDArray[np.int64]
    """Days since 1970."""


def first_days(star: Star, scratch: Path) -> Table:
    """Days of the first two weeks of trials, each with `offset` (days since its start), kept in a scratch folder.

    Of trials that are asked for: open ones, and samples of those whose outcome is due (`known`).
    """
    trials = star.users.filter(star.users.trial.notnull())
    started = trials.trial.date()
    paid = ibis.ifelse(
        trials.paid >= trials.trial, trials.paid.date().delta(started, unit="day"), ibis.null("int64")
    )
    begun = trials.select(
        "user",
        "hash",
        started=started,
        paid_after=paid.cast("int64"),
        age=ibis.date(star.as_of.date()).delta(started, unit="day").cast("int64"),
    )
    asked = ibis.union(
        begun.filter(begun.age < WITHIN_DAYS).select("user"),
        *(_sample(_reached(begun, landmark)).select("user") for landmark in LANDMARKS),
        distinct=True,
    )
    begun = begun.semi_join(asked, "user")
    days = star.daily.select(
        "user", "day", "activities", "sessions", "session_ms", "pages", "conversions", "tickets"
    )
    joined = begun.left_join(days, "user").drop("user_right")
    offset = joined.day.delta(joined.started, unit="day").cast("int64")
    inside = (offset >= 0) & (offset < LANDMARKS[-1])
    # a user without a day within is kept, on a day that counts nothing
    table = joined.mutate(offset=ibis.ifelse(inside, offset, -1)).drop("day")
    star.engine.to_parquet(table, scratch / "trials.parquet")
    return star.engine.read_parquet(scratch / "trials.parquet")


def at_landmark(days: Table, landmark: int) -> Table:
    """One row for each trial that has reached the landmark without payment.

    Returns:
        `user`, `hash`, `started`, `age` (days from the start to the as-of), `won`, and `FEATURES`.
    """
    inside = (days.offset >= 0) & (days.offset < landmark)
    active = inside & (days.activities > 0)
    sums = {
        name: days[name].sum(where=inside).fill_null(0).cast("float64")
        for name in ("activities", "sessions", "pages", "conversions", "tickets")
    }
    trials = days.group_by("user", "hash", "started", "paid_after", "age").aggregate(
        active_days=active.cast("int64").sum().cast("float64"),
        minutes=days.session_ms.sum(where=inside).fill_null(0).cast("float64") / _MINUTE_MS,
        silent_days=(landmark - 1 - days.offset.max(where=active).fill_null(-1)).cast("float64"),
        **sums,
    )
    won = trials.paid_after.notnull() & (trials.paid_after < WITHIN_DAYS)
    return _reached(trials.mutate(won=won), landmark).drop("paid_after")


def _reached(trials: Table, landmark: int) -> Table:
    unpaid = trials.paid_after.isnull() | (trials.paid_after >= landmark)
    return trials.filter(unpaid & (trials.age >= landmark))


def _sample(trials: Table) -> Table:
    """Of trials whose outcome is due."""
    return trials.filter(trials.age >= WITHIN_DAYS).order_by("hash", "user").limit(SAMPLE)


def known(trials: Table) -> Known:
    """Of trials at a landmark, those whose outcome is due: a sample of the least hashes, as arrays."""
    due = _sample(trials)
    table = due.select(*FEATURES, "won", "started").to_pyarrow()
    started = table["started"].cast("int32").to_numpy().astype(np.int64)
    order = np.argsort(started, kind="stable")
    rows = np.column_stack([table[name].to_numpy() for name in FEATURES])
    return Known(rows[order], table["won"].to_numpy()[order], started[order])


def split(found: Known) -> tuple[Bools, Bools]:
    """Trials to learn from, whose outcomes are due before those begin that are to be judged on; shape (n,) each."""
    if not len(found.started):
        return np.zeros(0, np.bool_), np.zeros(0, np.bool_)
    begins = found.started[int(len(found.started) * (1 - TESTED))]
    return found.started + WITHIN_DAYS <= begins, found.started >= begins


def learned(rows: Matrix, won: Bools) -> Model:
    """Logistic regression with an L2 penalty of 1 on scaled ln(1 + x)."""
    logs = np.log1p(rows)
    mean, deviation = logs.mean(axis=0), logs.std(axis=0)
    alike = deviation < 1e-9
    scaled = np.where(alike, 0.0, (logs - mean) / np.where(alike, 1.0, deviation))
    fit = LogisticRegression(C=1.0, solver="newton-cholesky", max_iter=100, tol=1e-8).fit(scaled, won)
    weights = np.where(alike, 0.0, fit.coef_[0] / np.where(alike, 1.0, deviation))
    return Model(float(fit.intercept_[0] - weights @ mean), weights)


def enough(won: Bools) -> bool:
    """Whether there are trials of both kinds to learn from, or to be judged on."""
    return min(int(won.sum()), int((~won).sum())) >= FEWEST


def judged(landmark: int, learned_from: int, said: Matrix, won: Bools, rate: float) -> dict[str, Any]:
    """How good probabilities were, shape (n,).

    Args:
        rate: share of the trials that were learned from and won: what one would say of everybody.
    """
    return {
        "landmark": landmark,
        "learned": learned_from,
        "tested": len(won),
        "auc": float(roc_auc_score(won, said)),
        "brier": float(brier_score_loss(won, said)),
        "brier_of_rate": float(((rate - won) ** 2).mean()),
        "log_loss": float(log_loss(won, said)),
        "predicted": float(said.mean()),
        "observed": float(won.mean()),
    }


def calibration(landmark: int, said: Matrix, won: Bools) -> Rows:
    """What was said against what happened, in bins of equally many trials, the least likely first."""
    order = np.argsort(said, kind="stable")
    return [
        {
            "landmark": landmark,
            "bin": number + 1,
            "trials": len(part),
            "predicted": float(said[part].mean()),
            "observed": float(won[part].mean()),
        }
        for number, part in enumerate(np.array_split(order, BINS))
        if len(part)
    ]


def open_trials(trials: Table, model: Model, landmark: int) -> Table:
    """Trials at a landmark that are not due yet, with a probability to be won, by the engine.

    Of several landmarks that a trial has passed the last is the one that counts.
    """
    later = [mark for mark in LANDMARKS if mark > landmark]
    until = min(later, default=WITHIN_DAYS)
    here = trials.filter(trials.age < until)
    odds = ibis.literal(model.intercept)
    for name, weight in zip(FEATURES, model.weights.tolist(), strict=True):
        odds = odds + (here[name] + 1.0).ln() * weight
    return here.select(
        "user", "started", landmark=ibis.literal(landmark), probability=1.0 / (1.0 + (-odds).exp())
    )
