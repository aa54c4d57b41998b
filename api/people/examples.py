"""Examples for the OpenAPI document: one user, as every call shows the user."""

from typing import Final

from profiles.answers import BriefRisk, RiskAnswer

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
