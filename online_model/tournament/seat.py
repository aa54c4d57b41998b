"""Who sits on the throne, how it changes, and what was decided; evidence is looked at elsewhere."""

from typing import Literal

import msgspec

from online_model.tournament.decision import Decision, Evidence, Kind
from online_model.tournament.rules import Rules


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """A new champion that does not serve everybody yet."""

    previous: str
    """Serves the others."""
    stage: int
    share: float
    """Of the users, served by the champion."""
    since_day: int


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Why something changes, and when."""

    at_ms: int
    """Event time."""
    day: int
    """Days since 1970."""
    reason: str
    by: Literal["evidence", "operator", "batch"] = "evidence"
    evidence: Evidence | None = None
    figures: dict[str, float] = {}


class Seat:
    """Champion and predecessor, the stage of a roll-out, and who may not be promoted."""

    def __init__(self, champion: str, rules: Rules) -> None:
        self._rules = rules
        self.champion = champion
        self.predecessor: str | None = None
        self.rollout: Rollout | None = None
        self.expected_shift: float | None = None
        """How far the probabilities of champion and predecessor lay apart while compared; None if they were not."""
        self.pinned = False
        self.version: str | None = None
        """The one version of the champion that serves while pinned; None if later ones follow."""
        self.vetoed: set[str] = set()
        self._resting: dict[str, int] = {}

    def barred(self, day: int) -> set[str]:
        """Who is not promoted on that day, whatever is proven."""
        return self.vetoed | {name for name, until in self._resting.items() if day < until}

    def promote(self, name: str, cause: Cause, *, shift: float | None, everybody: bool) -> Decision:
        """Make it champion, for a first share of the users or for everybody."""
        previous, share = self.champion, 1.0 if everybody else self._rules.stages[0]
        self.version = None
        self.champion, self.predecessor, self.expected_shift = name, previous, shift
        self.rollout = None
        if share < 1:
            self.rollout = Rollout(previous=previous, stage=0, share=share, since_day=cause.day)
        return self.decided("promote", cause, previous=previous)

    def advance(self, rollout: Rollout, cause: Cause, *, everybody: bool = False) -> Decision:
        """Serve the users of the next stage too, or everybody."""
        stage = rollout.stage + 1
        share = 1.0 if everybody or stage >= len(self._rules.stages) else self._rules.stages[stage]
        self.rollout = None
        if share < 1:
            self.rollout = Rollout(previous=rollout.previous, stage=stage, share=share, since_day=cause.day)
        return self.decided("roll_out", cause, previous=rollout.previous)

    def roll_back(self, predecessor: str, cause: Cause) -> Decision:
        """Put the predecessor back in place, for everybody."""
        failed = self.champion
        self._resting[failed] = cause.day + self._rules.rest_days
        self.champion, self.predecessor, self.version = predecessor, None, None
        self.rollout, self.expected_shift = None, None
        return self.decided("roll_back", cause, previous=failed)

    def decided(
        self, kind: Kind, cause: Cause, *, previous: str | None = None, other: str | None = None
    ) -> Decision:
        """For the log, with who serves from now on."""
        return Decision(
            at_ms=cause.at_ms,
            kind=kind,
            champion=self.champion,
            previous=previous,
            other=other,
            share=1.0 if self.rollout is None else self.rollout.share,
            version=self.version,
            by=cause.by,
            reason=cause.reason,
            evidence=cause.evidence,
            figures=cause.figures,
        )
