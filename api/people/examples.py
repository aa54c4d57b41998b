"""Examples for the OpenAPI document: one user, as every call shows the user."""

from typing import Final

import msgspec

from api.people.rankings import Page
from api.people.readiness import Check, Ready
from api.people.roster import Ranked
from control.decisions import Decided
from profiles.answers import BriefRisk, RiskAnswer
from profiles.explained import ThemePart
from profiles.model_report import Compared, Listed, ServingRow, Shown
from profiles.past import Alike, Said
from profiles.profile import FeatureShown, OpenAlert, Profile, Week
from profiles.questions import FeatureMoved, Moved, Predicted, Standing, WhatIf


class ModelMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Contestants side by side on one part of the examples."""

    part: str
    at_ms: int | None
    """Event time of the trainer's latest judgement, ms since 1970; null while nothing was judged."""
    settled: int
    """Outcomes so far."""
    contestants: list[Compared]
    """The best log loss first."""
    parts: list[str]
    """Others that can be asked for."""


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """A page of versions."""

    items: list[Listed]
    next: str | None


class Decisions(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided on an order."""

    items: list[Decided]


AS_OF: Final = 1_717_405_200_000

RISK: Final = RiskAnswer(
    user="u0000250",
    score=0.7431,
    tier="high",
    as_of=AS_OF,
    model="1717398000000-0123456789ab",
    calibrated=True,
    reasons=[
        "no session for 19 days; the usual gap is 4 days",
        "sessions fell from 12 to 4 in the last 30 days",
        "2 declined charges, the last 5 days ago",
    ],
)

BRIEF: Final = BriefRisk(
    user=RISK.user,
    score=RISK.score,
    tier=RISK.tier,
    as_of=RISK.as_of,
    model=RISK.model,
    calibrated=RISK.calibrated,
)

_ODDS: Final = 1.0623

PROFILE: Final = Profile(
    user=RISK.user,
    score=RISK.score,
    tier=RISK.tier,
    as_of=AS_OF,
    model=RISK.model,
    calibrated=True,
    reasons=RISK.reasons,
    contestant="recursive",
    log_odds=_ODDS,
    base=-0.61,
    exact=True,
    themes=[
        ThemePart(theme="silence", weight=1.6723, direction="raises", error_at_most=0.0, text=RISK.reasons[0])
    ],
    features=[
        FeatureShown(
            name="days_since_last_session",
            label="days since the last session",
            value=19.2,
            unit="d",
            window="since it",
            contribution=1.6723,
            error=0.0,
        )
    ],
    sessions=31,
    silence_days=19.2,
    first_seen=AS_OF - 180 * 86_400_000,
    weeks=[
        Week(
            begins="2024-05-13",
            sessions=2,
            events=17,
            pages=11,
            active_days=2,
            minutes=34.5,
            orders=1,
            spent=19.9,
            refunded=0.0,
        )
    ],
    history=[Said(time=AS_OF - 35 * 86_400_000, score=0.21, tier="low", model="own-rhythm-1", lost=False)],
    horizon_days=30.0,
    expected_spend=42.0,
    value_at_risk=31.21,
    similar=Alike(
        examples=200,
        lost=0.71,
        low=0.644,
        high=0.768,
        score_from=0.69,
        score_to=0.8,
        silence_days_from=15.1,
        silence_days_to=23.9,
    ),
    alerts=[
        OpenAlert(
            id="5f0c2a9be41d7788",
            state="open",
            tier="high",
            why="The risk of losing this user has risen from 38 % to 74 %.",
            owner="",
            as_of=AS_OF,
        )
    ],
)

PAGE: Final = Page(
    items=[
        Ranked(
            user=RISK.user,
            score=0.7431,
            tier="high",
            as_of=AS_OF,
            value_at_risk=31.21,
            changed=AS_OF - 19 * 86_400_000,
            plan="pro",
            platform="web",
            channel="search",
        )
    ],
    next="00112233445566aa.89abcdef.1",
    as_of=AS_OF,
    total=2000,
)

PREDICTED: Final = Predicted(
    score=0.7431, tier="high", log_odds=_ODDS, model=RISK.model, calibrated=True, reasons=RISK.reasons
)

WHAT_IF: Final = WhatIf(
    user=RISK.user,
    as_of=AS_OF,
    silent_days=14.0,
    model=RISK.model,
    calibrated=True,
    exact=True,
    gone=True,
    before=Standing(score=0.7431, tier="high", log_odds=_ODDS),
    after=Standing(score=0.8808, tier="high", log_odds=2.0),
    moved=[Moved(theme="silence", text="days since the last session: 19 days → 33 days", weight=0.9377)],
    features=[
        FeatureMoved(
            name="days_since_last_session",
            label="days since the last session",
            before=19.2,
            after=33.2,
            contribution=0.9377,
        )
    ],
)

_DECISION: Final = Decided(
    number=41,
    at_ms=AS_OF,
    kind="promote",
    by="operator",
    text="an operator has promoted recursive",
    detail={"champion": "recursive", "previous": "own_rhythm"},
)
DECIDED: Final = Decisions(items=[_DECISION])

SHOWN: Final = Shown(
    serves=[
        ServingRow(
            version=RISK.model,
            contestant="recursive",
            kind="recursive",
            share=1.0,
            examples=41_200,
            trained_until_ms=AS_OF,
            calibrated=True,
            roc_auc=0.83,
            metrics={"roc_auc": 0.83, "log_loss": 0.41},
        )
    ],
    fault=None,
    announced_ms=AS_OF,
    reason="proven better than own_rhythm",
    champion="recursive",
    predecessor="own_rhythm",
    pinned=False,
    pinned_version=None,
    vetoed=[],
    judged_ms=AS_OF,
    served=None,
    tiers={},
    thresholds=None,
    contact=None,
    chance_measured=None,
    decisions=[_DECISION],
)

METRICS: Final = ModelMetrics(
    part="all",
    at_ms=AS_OF,
    settled=41_200,
    contestants=[
        Compared(contestant="recursive", role="champion", learned=41_200, rolling=None, fading=None)
    ],
    parts=["all", "silence:0-1d"],
)

VERSIONS: Final = Versions(
    items=[
        Listed(
            version=RISK.model,
            good=True,
            refused=None,
            contestant="recursive",
            kind="recursive",
            examples=41_200,
            trained_until_ms=AS_OF,
            serves=1.0,
            kept=["champion"],
        )
    ],
    next=None,
)

_WELL: Final = {
    "redis": Check(ok=True, reason="answers"),
    "kafka": Check(ok=True, reason="answers"),
    "model": Check(
        ok=True, reason="1717398000000-0123456789ab serves; judged 0.2 days of event time ago, 14 allowed"
    ),
    "lag": Check(ok=True, reason="12 records to go, 100,000 allowed"),
    "projection": Check(ok=True, reason="0 decisions to go, 1,000 allowed"),
}
_INFORMATION: Final = {"batch": "all jobs as of 2025-06-02 or later; value finished 7.5 hours ago"}
READY: Final = Ready(ready=True, checks=_WELL, information=_INFORMATION)
NOT_READY: Final = Ready(
    ready=False,
    checks=_WELL | {"kafka": Check(ok=False, reason="Kafka does not answer: _TRANSPORT")},
    information=_INFORMATION,
)

ALL_EXAMPLES: Final = (
    RISK,
    BRIEF,
    PROFILE,
    PAGE,
    PREDICTED,
    WHAT_IF,
    DECIDED,
    SHOWN,
    METRICS,
    VERSIONS,
    READY,
    NOT_READY,
)
