"""The job: refitted models of all kinds, judged on the same untouched snapshots."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from batch_jobs.job import JobError, Progress, Tables
from batch_jobs.learners.examples import Examples, outline, read
from batch_jobs.learners.reasons import Reason
from batch_jobs.learners.schema import TABLES
from batch_jobs.learners.settings import LearnerSettings
from batch_jobs.learners.splits import trainable
from batch_jobs.star.star import Star
from domain.settings import FactSettings
from online_model.ledger.ledger import Ledger, LedgerError
from online_model.registry.errors import RefusedError, StorageError
from online_model.registry.registry import Registry

Row = dict[str, Any]


class Learners:
    """Trains where there is a reason to; else the tables of the last training stay as they are."""

    name = "learners"

    def __init__(
        self,
        ledger: Callable[[], Ledger | None],
        candidates: Callable[[], Registry],
        clock: Callable[[], float],
        settings: LearnerSettings | None = None,
    ) -> None:
        """
        Args:
            ledger: that of the lineage now; None while there is none.
            candidates: where models are put for the tournament. Asked for when one is there.
            clock: `time.monotonic`.
        """
        self._ledger = ledger
        self._candidates = candidates
        self._clock = clock
        self._settings = settings or LearnerSettings()

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """See `batch_jobs.learners.schema`; empty where there is no ledger, or where it has too few examples.

        Raises:
            JobError: the ledger cannot be read, or a model not be published.
        """
        return self._tables(star, None, progress)

    def refresh(self, star: Star, last: Tables, since: date, progress: Progress) -> Tables:  # noqa: ARG002 the protocol's
        """See `batch_jobs.running.runner.Refreshing`; `last` where there is no reason to train anew.

        Raises:
            JobError: likewise.
        """
        return self._tables(star, last, progress)

    def _tables(self, star: Star, last: Tables | None, progress: Progress) -> Tables:
        progress("examples", 0.0)
        ledger, settings = self._ledger(), self._settings
        if ledger is None:
            return as_tables({})
        as_of = round(star.as_of.timestamp() * 1000)
        try:
            # of columns that are read in no time: where there is too little, nothing else is
            if not trainable(outline(ledger).until(as_of), settings):
                return as_tables({})
            examples = read(ledger, settings.most_examples).until(as_of)
        except LedgerError as fault:
            raise JobError(f"no models: {fault}") from fault
        lineage = ledger.folder.name.removeprefix("lineage=")
        reason = self._reason(last, lineage, examples, as_of)
        if reason is None:
            assert last is not None
            return last
        if not trainable(examples, settings):  # so many are thinned out
            return as_tables({})
        return as_tables(self._trained(examples, reason, lineage, star.settings, progress))

    def _reason(self, last: Tables | None, lineage: str, examples: Examples, as_of: int) -> Reason | None:
        # only here, for what the libraries would take in: a command that trains nothing needs none of them
        from batch_jobs.learners.retraining import Former, reason_to_train  # noqa: PLC0415
        from online_model.refitted.candidates import scorer_of  # noqa: PLC0415

        rows = [] if last is None else last["learner_models"].to_pylist()
        if not rows:
            return "first"
        best = min(rows, key=lambda row: (row["test_log_loss"], row["model"]))
        try:
            version = self._candidates().load(best["version"], lineage)
            former = Former(scorer_of(version), version.manifest.training, best["test_log_loss"])
        except (RefusedError, StorageError):
            return "first"  # of another lineage or other features, or gone
        return reason_to_train(former, examples, as_of, self._settings)

    def _trained(
        self, examples: Examples, reason: Reason, lineage: str, facts: FactSettings, progress: Progress
    ) -> dict[str, list[Row]]:
        from batch_jobs.learners.publishing import Publisher  # noqa: PLC0415 - as above
        from batch_jobs.learners.training import Training  # noqa: PLC0415

        publish = Publisher(self._candidates(), lineage, facts, self._settings.seed)
        try:
            return Training(examples, self._settings, self._clock, reason, publish)(progress)
        except StorageError as fault:
            raise JobError(f"no models: {fault}") from fault


def as_tables(found: dict[str, list[Row]]) -> dict[str, pa.Table]:
    """Rows as the tables of the schema."""
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
