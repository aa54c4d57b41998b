"""All that is known of one user, on one page."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
import numpy as np

from domain import buckets
from domain.calendar import DAY_MS
from domain.catalogue import CATALOGUE
from domain.features import features
from domain.money import expected_spend
from domain.state import WEEKS
from online_model.explain.labels import LABELS
from online_model.tiers import Tier
from profiles.answers import Judge, with_reasons
from profiles.explained import Explanation, ThemePart, explained
from profiles.past import Alike, Said
from profiles.views import Judged, shown_value

SHOWN_WEEKS: Final = 26
assert SHOWN_WEEKS <= WEEKS


class FeatureShown(msgspec.Struct, frozen=True, kw_only=True):
    """One feature of the catalogue."""

    name: str
    label: str
    value: float | str | None
    """Codes as their names; null for what cannot be known."""
    unit: str
    window: str
    contribution: float | None
    """Log-odds that it adds to `base`; positive raises the risk. Null where the baseline serves."""
    error: float | None
    """Standard error of the contribution; 0 where it is exact."""


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """What the user did in one week, from Monday, UTC."""

    begins: str
    """Date of the Monday."""
    sessions: int
    events: int
    pages: int
    active_days: int
    minutes: float
    orders: int
    spent: float
    """Money, major units."""
    refunded: float


class OpenAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that was handed out and is not done with."""

    id: str
    state: str
    tier: str
    why: str
    owner: str
    as_of: int
    """ms since 1970."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One user."""

    user: str
    score: float | None
    tier: Tier
    as_of: int
    model: str
    calibrated: bool
    reasons: list[str]
    contestant: str | None
    """Which kind of model serves the user; null for who is gone, as all up to `exact`."""
    log_odds: float | None
    """Of the score: `base` and all contributions add up to it."""
    base: float | None
    """Log-odds of a user like the average; null for the baseline, whose reasons compare and do not add up."""
    exact: bool | None
    """Whether contributions are exact rather than sampled."""
    themes: list[ThemePart]
    """Contributions by theme, heaviest first."""
    features: list[FeatureShown]
    """All of the catalogue, in its order."""
    sessions: int
    silence_days: float | None
    first_seen: int
    """ms since 1970: the first event."""
    weeks: list[Week]
    """The last 26, oldest first."""
    history: list[Said]
    """Score and tier at the weekly instants whose outcome is known; the weeks within the horizon come later."""
    horizon_days: float
    expected_spend: float
    """Money, major units, that the user will spend within the horizon if the user stays."""
    value_at_risk: float | None
    """Score times expected spend."""
    similar: Alike | None
    """What became of past users with a like score and silence; null while nobody's outcome is known."""
    alerts: list[OpenAlert]


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What stands elsewhere than in the user's record."""

    history: list[Said]
    similar: Alike | None
    alerts: list[OpenAlert]


def profile(found: Judged, slot: int, here: Judge, names: Mapping[int, str], beside: Beside) -> Profile:
    """Of one user; the figures are those of `users show` and `model explain`."""
    state, now = found.facts.states[slot], int(found.nows[slot])
    said = with_reasons(found, slot, here, names)
    why = None if said.score is None else explained(found, slot, here.by, names)
    x = features(found.facts.states, np.array([slot]), np.array([now]))
    horizon_days = here.by.horizon_ms / DAY_MS
    spend = float(expected_spend(x, horizon_days)[0])
    last = int(state["last_active_ms"])
    return Profile(
        user=said.user,
        score=said.score,
        tier=said.tier,
        as_of=said.as_of,
        model=said.model,
        calibrated=said.calibrated,
        reasons=said.reasons,
        contestant=None if why is None else why.contestant,
        log_odds=None if why is None else why.log_odds,
        base=None if why is None else why.base,
        exact=None if why is None else why.exact,
        themes=[] if why is None else why.themes,
        features=_features(x[0].tolist(), why, names),
        sessions=int(state["sessions"]),
        silence_days=(now - last) / DAY_MS if last else None,
        first_seen=int(state["first_ms"]),
        weeks=weeks(state, now),
        history=beside.history,
        horizon_days=horizon_days,
        expected_spend=spend,
        value_at_risk=None if said.score is None else said.score * spend,
        similar=beside.similar,
        alerts=beside.alerts,
    )


def weeks(state: np.void, now: int) -> list[Week]:
    """The last weeks, oldest first, from that of the first event on.

    Args:
        now: ms.
    """
    this, newest = _week_of(now), int(state["week"])
    first = max(this - SHOWN_WEEKS + 1, _week_of(int(state["first_ms"])))
    found = []
    for week in range(first, this + 1):
        kept = newest - WEEKS < week <= newest
        lanes = state["weeks"][week % WEEKS].tolist() if kept else [0] * 8
        found.append(
            Week(
                begins=datetime.fromtimestamp((week * 7 - 3) * DAY_MS / 1000, UTC).date().isoformat(),
                sessions=lanes[buckets.SESSIONS],
                events=lanes[buckets.EVENTS],
                pages=lanes[buckets.PAGES],
                active_days=lanes[buckets.ACTIVE_DAYS],
                minutes=lanes[buckets.SECONDS] / 60,
                orders=lanes[buckets.ORDERS],
                spent=lanes[buckets.SPENT] / 100,
                refunded=lanes[buckets.REFUNDED] / 100,
            )
        )
    return found


def _week_of(at_ms: int) -> int:
    return (at_ms // DAY_MS + 3) // 7


def _features(
    values: Sequence[float], why: Explanation | None, names: Mapping[int, str]
) -> list[FeatureShown]:
    additive = why is not None and why.base is not None
    parts = {} if why is None else {part.feature: part for part in why.features}
    shown = []
    for feature, value in zip(CATALOGUE, values, strict=True):
        part = parts.get(feature.name)
        shown.append(
            FeatureShown(
                name=feature.name,
                label=LABELS[feature.name],
                value=shown_value(feature.name, value, names),
                unit=feature.unit,
                window=feature.window,
                contribution=(part.weight if part else 0.0) if additive else None,
                error=(part.error if part else 0.0) if additive else None,
            )
        )
    return shown
