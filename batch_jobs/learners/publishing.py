"""Refitted models on their way to the tournament."""

from batch_jobs.learners.fitted import Fitted
from batch_jobs.learners.kinds import Chosen
from domain.settings import FactSettings
from online_model.refitted.candidates import publish
from online_model.refitted.frozen import name_of
from online_model.registry.manifest import Training
from online_model.registry.registry import Registry


class Publisher:
    """Puts models among the candidates; see `batch_jobs.learners.training.Publish`."""

    def __init__(self, candidates: Registry, lineage: str, facts: FactSettings, seed: int) -> None:
        self._candidates = candidates
        self._lineage = lineage
        self._facts = facts
        self._seed = seed

    def __call__(self, model: Fitted, chosen: Chosen, log_loss: float) -> str:
        """The candidate's id; the same model again gets the same.

        Raises:
            StorageError: nothing of it is visible.
        """
        training = Training(
            name=name_of(model.kind, model.trained_until),
            kind=model.kind,
            lineage=self._lineage,
            facts=self._facts,
            model_settings=dict(chosen),
            seed=self._seed,
            first_snapshot_ms=model.first_snapshot,
            last_snapshot_ms=model.last_snapshot,
            last_due_ms=model.trained_until,
            examples=model.examples,
            metrics={"test_log_loss": log_loss},
        )
        return publish(self._candidates, training, model.scorer)
