"""One training of all kinds: tuned, judged on the same untouched snapshots, explained, and published."""

import json
from collections.abc import Callable, Mapping
from importlib.metadata import version as installed
from typing import Any, Final

import numpy as np

from batch_jobs.job import Progress
from batch_jobs.learners.examples import Examples
from batch_jobs.learners.explaining import dependence, importance
from batch_jobs.learners.fitted import Fitted, fitted
from batch_jobs.learners.kinds import Chosen
from batch_jobs.learners.reasons import Reason
from batch_jobs.learners.schema import TABLES
from batch_jobs.learners.score import roi, score, stability
from batch_jobs.learners.settings import LearnerSettings
from batch_jobs.learners.splits import Parts, before, folds, parts
from batch_jobs.learners.tuning import Clock, Tuned, tuned
from domain.catalogue import NAMES
from online_model.quality.metrics import metrics
from online_model.quality.scored import Vector

Row = dict[str, Any]
Publish = Callable[[Fitted, Chosen, float], str]
"""From a model, its settings and its log loss on the test to the id under which it can be had."""
SERVED: Final = "served"
_SOFTWARE: Final = ("numpy", "scikit-learn", "xgboost-cpu", "lightgbm")


def chosen(losses: Mapping[str, float], wanted: int | tuple[str, ...]) -> list[tuple[str, bool]]:
    """Kinds that are published, the best first, and whether each enters the tournament.

    The best is published in any case: whether models have grown worse is seen by it.

    Args:
        losses: log loss on the test, by kind.
        wanted: so many kinds enter, or these.
    """
    order = sorted(losses, key=lambda kind: (losses[kind], kind))
    enters = order[:wanted] if isinstance(wanted, int) else [kind for kind in order if kind in wanted]
    return [(kind, kind in enters) for kind in order if kind in enters or kind == order[0]]


class Training:
    """Of examples that are enough (`batch_jobs.learners.splits.trainable`)."""

    def __init__(
        self, examples: Examples, settings: LearnerSettings, clock: Clock, reason: Reason, publish: Publish
    ) -> None:
        """Nothing is trained yet."""
        self._examples = examples
        self._settings = settings
        self._clock = clock
        self._reason = reason
        self._publish = publish
        self._parts: Final[Parts] = parts(examples, settings.calibrate, settings.test)
        self._folds = folds(examples, self._parts.train, settings.folds, settings.least)
        self._best: dict[str, Tuned] = {}
        self._found: dict[str, list[Row]] = {name: [] for name in TABLES}

    def __call__(self, progress: Progress) -> dict[str, list[Row]]:
        """Rows of the tables.

        Raises:
            StorageError: a model cannot be published.
        """
        settings, examples = self._settings, self._examples
        share = settings.budget_s / len(settings.kinds)
        for number, kind in enumerate(settings.kinds):
            progress(kind, (number + 0.5) / (len(settings.kinds) + 1))
            until = self._clock() + share
            best = tuned(kind, examples, self._folds, settings.seed, settings.trials, until, self._clock)
            self._best[kind] = best
            self._tell(kind, best)
        until_ms = int(examples.dues[self._parts.test].max())
        said = examples.served[self._parts.test]
        losses = {row["model"]: row["log_loss"] for row in self._found["learner_scores"]}
        self._found["learner_scores"].append(self._judged(SERVED, said, None, until_ms) | {"reason": ""})
        progress("models for the tournament", 0.95)
        for kind, enters in chosen(losses, settings.candidates):
            self._put(kind, losses[kind], enters=enters)
        progress("done", 1.0)
        return self._found

    def _tell(self, kind: str, best: Tuned) -> None:
        examples, settings, (train, calibrate, test) = self._examples, self._settings, self._parts
        model = fitted(kind, best.chosen, examples, train, calibrate, settings.seed)
        judged = self._judged(kind, model.score(examples.features[test]), best, model.trained_until)
        self._found["learner_scores"].append(judged | {"calibration": model.scorer.calibration.name})
        self._found["learner_folds"] += [
            {
                "model": kind, "fold": number, "from": one.fold.begins, "until": one.fold.ends,
                "learned": len(one.fold.learn), "judged": len(one.fold.judge), "roc_auc": one.roc_auc,
                "log_loss": one.log_loss,
            }
            for number, one in enumerate(best.folds, start=1)
        ]  # fmt: skip
        recent = examples.features[test[-settings.explained :]]
        weights = importance(model, recent, settings.seed)
        order = np.lexsort((np.arange(len(weights)), -weights))
        ranked = [int(place) for place in order if weights[place] > 0]
        self._found["learner_importance"] += [
            {"model": kind, "rank": rank, "feature": NAMES[place], "weight": float(weights[place])}
            for rank, place in enumerate(ranked, start=1)
        ]
        for place in ranked[: settings.features]:
            self._found["learner_dependence"] += [
                {
                    "model": kind, "feature": NAMES[place], "point": number, "risk": point.risk,
                    "value": None if np.isnan(point.value) else point.value, "share": point.share,
                }
                for number, point in enumerate(dependence(model, NAMES[place], recent), start=1)
            ]  # fmt: skip

    def _put(self, kind: str, log_loss: float, *, enters: bool) -> None:
        """The chosen setting once more, on all there is."""
        examples, settings, best = self._examples, self._settings, self._best[kind]
        newest = int(examples.dues.max())
        train, calibrate = before(examples, np.arange(examples.size), newest, settings.calibrate)
        model = fitted(kind, best.chosen, examples, train, calibrate, settings.seed)
        version = self._publish(model, best.chosen, log_loss)
        self._found["learner_models"].append(
            {
                "model": kind, "version": version, "enters": enters, "trained_until": model.trained_until,
                "software": json.dumps({name: installed(name) for name in _SOFTWARE}),
                "examples": model.examples, "test_log_loss": log_loss,
            }
        )  # fmt: skip

    def _judged(self, name: str, said: Vector, best: Tuned | None, trained_until: int) -> Row:
        """A row of `SCORES`."""
        examples, test, contact = self._examples, self._parts.test, self._settings.contact
        found = metrics(examples.lost[test], said, examples.weights[test], contact)
        at, rate = found.decided, found.base_rate
        assert at is not None
        assert rate is not None
        returned = roi(at, contact, rate)
        steady = stability([one.roc_auc for one in best.folds]) if best else None
        row: Row = {
            name: getattr(found, name)
            for name in ("roc_auc", "pr_auc", "log_loss", "brier", "ece", "base_rate", "examples")
        }
        row |= {name: getattr(at, name) for name in ("threshold", "f1", "f1_of_all", "precision", "recall")}
        return row | {
            "model": name,
            "reason": self._reason,
            "calibration": None,
            "settings": json.dumps(best.chosen, sort_keys=True) if best else None,
            "trials": best.trials if best else 0,
            "trained_until": trained_until,
            "tested_from": int(examples.times[test[0]]),
            "roi": returned,
            "stability": steady,
            "score": score(at.f1, at.recall, returned, steady),
        }
