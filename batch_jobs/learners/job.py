"""The job: refitted models of all kinds, judged on the same untouched snapshots."""

import hashlib
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version as installed
from typing import Any, Final

import numpy as np
import pyarrow as pa

from batch_jobs.job import JobError, Progress, Tables
from batch_jobs.learners.examples import Examples, read
from batch_jobs.learners.explaining import dependence, importance
from batch_jobs.learners.fitted import Fitted, fitted
from batch_jobs.learners.retraining import Former, Reason, reason_to_train
from batch_jobs.learners.schema import TABLES
from batch_jobs.learners.score import roi, score, stability
from batch_jobs.learners.settings import LearnerSettings
from batch_jobs.learners.splits import Parts, before, enough, folds, parts
from batch_jobs.learners.tuning import Clock, Tuned, tuned
from batch_jobs.star.star import Star
from domain.catalogue import NAMES
from domain.labels import feature_schema
from online_model.ledger.ledger import Ledger, LedgerError
from online_model.quality.metrics import metrics
from online_model.quality.scored import Vector

Row = dict[str, Any]
SERVED: Final = "served"
_SOFTWARE: Final = ("numpy", "scikit-learn", "xgboost-cpu", "lightgbm")


class Learners:
    """Trains where there is a reason to; else the tables of the last training stay as they are."""

    name = "learners"

    def __init__(
        self,
        ledger: Callable[[], Ledger | None],
        last: Callable[[], Tables | None],
        clock: Clock,
        settings: LearnerSettings | None = None,
    ) -> None:
        """
        Args:
            ledger: that of the lineage now; None while there is none.
            last: the tables of the last good run; None for none.
            clock: `time.monotonic`.
        """
        self._ledger = ledger
        self._last = last
        self._clock = clock
        self._settings = settings or LearnerSettings()

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """See `batch_jobs.learners.schema`; empty while there are too few examples.

        Raises:
            JobError: the ledger cannot be read.
        """
        progress("examples", 0.0)
        ledger = self._ledger()
        if ledger is None:
            return _tables({})
        as_of = round(star.as_of.timestamp() * 1000)
        try:
            examples = read(ledger, self._settings.most_examples)
        except LedgerError as fault:
            raise JobError(f"no models: {fault}") from fault
        examples = examples.take(np.flatnonzero(examples.dues < as_of))
        last = self._last()
        lineage = ledger.folder.name.removeprefix("lineage=")
        reason = reason_to_train(_former(last, lineage), examples, as_of, self._settings)
        if reason is None:
            assert last is not None
            return last
        return _tables(Training(examples, self._settings, self._clock, reason, lineage)(progress))


class Training:
    """One training of all kinds."""

    def __init__(
        self, examples: Examples, settings: LearnerSettings, clock: Clock, reason: Reason, lineage: str
    ) -> None:
        """Nothing is trained yet."""
        self._examples = examples
        self._settings = settings
        self._clock = clock
        self._reason = reason
        self._lineage = lineage
        self._parts: Final[Parts] = parts(examples, settings.calibrate, settings.test)
        self._folds = folds(examples, self._parts.train, settings.folds, settings.least)
        self._found: dict[str, list[Row]] = {name: [] for name in TABLES}

    def __call__(self, progress: Progress) -> dict[str, list[Row]]:
        """Rows of the tables; none where a part has too few of one outcome."""
        settings, examples = self._settings, self._examples
        if not self._folds or not all(enough(examples.lost[rows], settings.least) for rows in self._parts):
            return self._found
        share = settings.budget_s / len(settings.kinds)
        for number, kind in enumerate(settings.kinds):
            progress(kind, (number + 0.5) / (len(settings.kinds) + 0.5))
            until = self._clock() + share
            best = tuned(kind, examples, self._folds, settings.seed, settings.trials, until, self._clock)
            self._tell(kind, best)
        until_ms = int(examples.dues[self._parts.test].max())
        said = examples.served[self._parts.test]
        self._found["learner_scores"].append(self._judged(SERVED, said, None, until_ms) | {"reason": ""})
        progress("done", 1.0)
        return self._found

    def _tell(self, kind: str, best: Tuned) -> None:
        examples, settings, (train, calibrate, test) = self._examples, self._settings, self._parts
        model = fitted(kind, best.chosen, examples, train, calibrate, settings.seed)
        judged = self._judged(kind, model.score(examples.features[test]), best, model.trained_until)
        self._found["learner_scores"].append(judged | {"calibration": model.calibration.name})
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
        self._publish(kind, best, judged["log_loss"])

    def _publish(self, kind: str, best: Tuned, log_loss: float) -> None:
        """The chosen setting once more, on all there is."""
        examples, settings = self._examples, self._settings
        newest = int(examples.dues.max())
        train, calibrate = before(examples, np.arange(examples.size), newest, settings.calibrate)
        model = fitted(kind, best.chosen, examples, train, calibrate, settings.seed)
        payload = pickle.dumps(model, protocol=5)
        self._found["learner_models"].append(
            {
                "model": kind, "version": hashlib.sha256(payload).hexdigest()[:16], "lineage": self._lineage,
                "feature_schema": feature_schema(), "trained_until": model.trained_until,
                "software": json.dumps({name: installed(name) for name in _SOFTWARE}),
                "examples": len(train) + len(calibrate), "test_log_loss": log_loss, "payload": payload,
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


def read_model(payload: bytes) -> Fitted:
    """A model of `learner_models`. A pickle may run any code: only for what the batch jobs have written themselves.

    Raises:
        JobError: it was written by other code.
    """
    try:
        model = pickle.loads(payload)  # noqa: S301 - see above
    except Exception as fault:
        raise JobError(
            f"a former model cannot be read ({type(fault).__name__}: {fault}): train anew"
        ) from fault
    if not isinstance(model, Fitted):
        raise JobError(f"no model but a {type(model).__name__}: train anew")
    return model


def _former(last: Tables | None, lineage: str) -> Former | None:
    """The best of the last training; None where it does not count here."""
    rows = [] if last is None else last["learner_models"].to_pylist()
    here = [row for row in rows if (row["lineage"], row["feature_schema"]) == (lineage, feature_schema())]
    if not here:
        return None
    best = min(here, key=lambda row: (row["test_log_loss"], row["model"]))
    try:
        return Former(read_model(best["payload"]), best["test_log_loss"])
    except JobError:
        return None


def _tables(found: dict[str, list[Row]]) -> dict[str, pa.Table]:
    tables = {}
    for name, schema in TABLES.items():
        rows = found.get(name, [])
        columns = {field.name: [row.get(field.name) for row in rows] for field in schema}
        tables[name] = pa.table([_column(columns[field.name], field.type) for field in schema], schema=schema)
    return tables


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array([datetime.fromtimestamp(ms / 1000, UTC) for ms in values], kind)
    return pa.array(values, kind)
