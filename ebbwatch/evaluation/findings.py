"""What an evaluation has found: every contestant on every part of the second half of the time span."""

from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import msgspec
import numpy as np

from domain.calendar import DAY_MS
from ebbwatch.evaluation.file import Asked, Read
from online_model.explain.explain import explain
from online_model.explain.importance import Dependence, Importance, importance, partial_dependence
from online_model.quality.report import Judgement, judge
from online_model.quality.scored import Scored, Vector
from online_model.training.settle import CHAMPION

_SILENCE: Final = "silence:"
_EXPLAINED: Final = 120
"""Users whose scores are taken apart for the importance."""
_DRAWN: Final = 6
"""Features whose partial dependence is shown."""


class Findings:
    """Of one file."""

    def __init__(self, asked: Asked, read: Read) -> None:
        self.asked = asked
        self.read = read
        examples = read.watched.examples
        rows = np.flatnonzero(examples.times >= read.middle_ms)
        self.half: Scored = examples.scored.take(rows)
        """Examples whose snapshot lies in the second half."""
        self.weights: Vector = examples.weights[rows]
        said = {name: p for name, p in self.half.predictions.items() if np.isfinite(p).any()}
        self.half = self.half._replace(predictions=said)
        self.judged: dict[str, Judgement] = judge(self.half, self.weights)
        """By contestant, what served under `CHAMPION`."""

    @property
    def names(self) -> list[str]:
        """Of the contestants, best log loss first; what served stands before all."""

        def loss(name: str) -> float:
            found = self.judged[name].parts["all"].log_loss
            return np.inf if found is None else found

        return [CHAMPION, *sorted((n for n in self.judged if n != CHAMPION), key=lambda n: (loss(n), n))]

    @cached_property
    def months(self) -> dict[str, Judgement]:
        """The whole time span, by contestant; its parts have the months."""
        examples = self.read.watched.examples
        return judge(examples.scored, examples.weights, self.names)

    @cached_property
    def importance(self) -> list[Importance]:
        """Of the champion at the end, over the users of the last weeks; empty before it has learned enough."""
        scorer, population = self._scorer, self.read.watched.population
        if scorer is None or len(population) < 2:
            return []
        rng = np.random.default_rng(self.asked.seed)
        rows = population[: _EXPLAINED // 2 if self.champion.startswith(("mean", "forest")) else None]
        return importance(explain(scorer, rows, population, rng))

    def dependence(self) -> dict[str, list[Dependence]]:
        """Partial dependence of the features that matter most."""
        scorer, population = self._scorer, self.read.watched.population
        if scorer is None:
            return {}
        names = [found.name for found in self.importance if found.weight > 0][:_DRAWN]
        return {name: partial_dependence(scorer, name, population) for name in names}

    @property
    def champion(self) -> str:
        """The contestant that served at the end."""
        return self.read.watched.trainer.training.court.tournament.champion

    @property
    def _scorer(self) -> Any:
        return self.read.watched.trainer.training.lineup.scorer(self.champion)

    def as_json(self) -> dict[str, Any]:
        """For standard output: `snapshots` judged, figures by contestant and part, and `about`."""
        told: dict[str, Any] = {"snapshots": self.half.examples}
        for name in self.names:
            parts = self.judged[name].parts
            told[name] = {part.removeprefix(_SILENCE): _figures(m) for part, m in parts.items()}
        return told | {"about": self._about()}

    def _about(self) -> dict[str, Any]:
        asked, read, watched = self.asked, self.read, self.read.watched
        counts = watched.trainer.training.counts
        return {
            "file": str(asked.path),
            "format": read.format,
            "rows": read.survey.rows,
            "usable": read.survey.usable,
            "rejected": dict(sorted(read.survey.rejected.items())),
            "records": watched.records,
            "users": watched.users,
            "first_event": moment(read.first_ms),
            "second_half_from": moment(read.middle_ms),
            "last_event": moment(read.last_ms),
            "settings": {
                "horizon_days": asked.facts.horizon_ms / DAY_MS,
                "inactivity_days": asked.facts.inactivity_ms / DAY_MS,
                "churn": asked.facts.churn,
                "contestants": asked.contestants,
                "sample_users": asked.sample_users,
                "seed": asked.seed,
            },
            "snapshots_taken": watched.snapshots,
            "outcomes": counts["settled"],
            "treated": counts["treated"],
            "served_at_the_end": self.champion,
            "tiers": msgspec.to_builtins(self.judged[CHAMPION].tiers),
            "decisions": [
                {"number": d.number, "at": moment(d.decision.at_ms), **msgspec.to_builtins(d.decision)}
                for d in watched.decisions
            ],
            "drift": [
                {
                    "number": d.number,
                    "at": moment(d.finding.at_ms),
                    "cause": d.finding.cause,
                    "features": [c.feature for c in d.finding.features],
                    "text": d.finding.text,
                }
                for d in watched.drift
            ],
        }


def _figures(metrics: Any) -> dict[str, Any]:
    figures: dict[str, Any] = msgspec.to_builtins(metrics)
    return {"snapshots": figures.pop("examples")} | figures


def moment(time_ms: int) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="minutes")
