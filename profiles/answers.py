"""Risk of many users at once, as the API says it: one pass over all, and words only where they are wanted."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from domain.features import features
from domain.labels import FEATURES
from online_model.calibration.scorer import AS_IT_IS
from online_model.explain.attribution import exact
from online_model.explain.reasons import reasons
from online_model.learners.learner import NotAdditiveError
from online_model.loading import line_of
from online_model.reasons import Reason
from online_model.risk import Part
from online_model.tiers import Tier, tier_of
from profiles.serving import Serving
from profiles.views import Basis, Judged


class RiskAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Risk of one user, and why."""

    user: str
    score: float | None
    """Probability of a loss within the horizon; null for users who are gone or had no session."""
    tier: Tier
    as_of: int
    """ms since 1970: the stream's clock, or the user's last event if that is later."""
    model: str
    """The version that serves this user; the baseline has a name of its own."""
    calibrated: bool
    """Whether the version's log-odds are put right by a line, because that was proven to help."""
    reasons: list[str]
    """The three strongest, in words."""


class BriefRisk(msgspec.Struct, frozen=True, kw_only=True):
    """Risk of one of many users."""

    user: str
    score: float | None
    tier: Tier
    as_of: int
    model: str
    calibrated: bool


class Judge(NamedTuple):
    """By what users are judged, and what has to be known of it to say so."""

    by: Basis
    calibrated: tuple[bool, ...]
    """By version, in the order of `Risk.versions`."""
    additive: tuple[bool, ...]
    """Whether a version's reasons are exact and quick; else they are sampled."""


def judge(serving: Serving, by: Basis) -> Judge:
    """Of what serves."""
    if not serving.risk.parts:
        return Judge(by, (False,), (True,))
    lines = (line_of(manifest.training.model_settings) for manifest in serving.manifests)
    return Judge(by, tuple(line != AS_IT_IS for line in lines), tuple(map(_additive, serving.risk.parts)))


def brief(found: Judged, here: Judge) -> list[BriefRisk]:
    """All users of `found` of whom anything is known, in their order."""
    known = np.flatnonzero(found.facts.states["id_count"] > 0).tolist()
    versions, by = here.by.risk.versions, here.by
    serving = by.risk.serving(found.hashes).tolist()
    risks, nows, users = found.risk.tolist(), found.nows.tolist(), found.facts.users
    return [
        BriefRisk(
            user=users[slot],
            score=None if math.isnan(risk := risks[slot]) else risk,
            tier="gone" if math.isnan(risk) else tier_of(risk, by.thresholds),
            as_of=nows[slot],
            model=versions[serving[slot]],
            calibrated=here.calibrated[serving[slot]],
        )
        for slot in known
    ]


def quick(found: Judged, slot: int, here: Judge) -> bool:
    """Whether reasons of this user need no sampling."""
    return here.additive[serving_of(found, slot, here)] or math.isnan(found.risk[slot])


def with_reasons(found: Judged, slot: int, here: Judge, names: Mapping[int, str]) -> RiskAnswer:
    """Risk of one user, with the reasons that `profiles.views.view` gives."""
    by, risk = here.by, float(found.risk[slot])
    which = serving_of(found, slot, here)
    gone = math.isnan(risk)
    return RiskAnswer(
        user=found.facts.users[slot],
        score=None if gone else risk,
        tier="gone" if gone else tier_of(risk, by.thresholds),
        as_of=int(found.nows[slot]),
        model=by.risk.versions[which],
        calibrated=here.calibrated[which],
        reasons=[] if gone else _texts(found, slot, here, which, names),
    )


def serving_of(found: Judged, slot: int, here: Judge) -> int:
    """Which of `Risk.versions` serves this user."""
    risk = here.by.risk
    return 0 if len(risk.parts) < 2 else int(risk.serving(found.hashes[slot : slot + 1])[0])


def _texts(found: Judged, slot: int, here: Judge, which: int, names: Mapping[int, str]) -> list[str]:
    by, states, now = here.by, found.facts.states, int(found.nows[slot])
    why: Sequence[Reason]
    if by.risk.parts and here.additive[which]:  # as `Risk.reasons`, without what only sampling needs
        x = features(states, np.array([slot]), found.nows[slot : slot + 1])
        parts, bases = by.risk.parts[which].scorer.contributions(x)
        why = reasons(x[0], exact(parts[0], float(bases[0])), names)
    else:
        why = by.risk.reasons(states, slot, now, found.hashes[slot], by.population, by.horizon_ms, names)
    return [reason.text for reason in why]


def _additive(part: Part) -> bool:
    try:
        part.scorer.contributions(np.zeros((1, FEATURES)))
    except NotAdditiveError:
        return False
    return True
