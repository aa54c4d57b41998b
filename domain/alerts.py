"""Tiers over time, and when one of them raises an alert.

A tier begins at its threshold and ends only a margin below it, so that a risk that trembles around a threshold
changes nothing. Rising into the medium or high tier raises an alert, unless the user had one within the cooldown:
then the rise waits, and counts once the cooldown is over and the risk still calls for it.

What has no comparable tier before it is silent: a first score, a return, a score by another model or under other
thresholds, and whatever comes from a log that is not followed live.
"""

from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash

NEVER: Final = 0
"""No tier yet."""
GONE: Final = 1
LOW: Final = 2
MEDIUM: Final = 3
HIGH: Final = 4
TIERS: Final = ("none", "gone", "low", "medium", "high")

SILENT: Final = 0
"""The basis of a score that must not be compared with later ones."""

DAY_MS: Final = 86_400_000
STALE_MS: Final = DAY_MS
"""An alert older than this when it is raised is recorded and not sent."""

Floats = npt.NDArray[np.float64]
Tiers = npt.NDArray[np.uint8]
Times = npt.NDArray[np.int64]
Bases = npt.NDArray[np.uint16]
Bools = npt.NDArray[np.bool_]


class Policy(NamedTuple):
    """When a tier begins and ends, and how often a user may raise an alert."""

    medium: float = 0.4
    high: float = 0.7
    margin: float = 0.05
    """A tier ends so far below the risk at which it begins."""
    cooldown_ms: int = 7 * DAY_MS

    def basis(self, model: str) -> int:
        """16 bits, never `SILENT`, that are others under another model version or other thresholds."""
        meaning = f"{model} {self.medium!r} {self.high!r} {self.margin!r}"
        return xxhash.xxh3_64_intdigest(meaning.encode()) % 65_535 + 1


class Served(NamedTuple):
    """What was known of users at their last score, each of shape (users,)."""

    tiers: Tiers
    bases: Bases
    """`Policy.basis` of the last score, or `SILENT`."""
    alerted: Times
    """ms: the last alert; 0 for none."""
    open: Bools
    """Whether that alert still stands."""


class Judged(NamedTuple):
    """What becomes of it."""

    served: Served
    comparable: Bools
    """The former score was of the same basis."""
    raised: Bools
    resolved: Bools
    """The alert that stood does so no more: the risk has fallen, or the user is gone."""


def tiers_of(risk: Floats, before: Tiers, policy: Policy) -> Tiers:
    """Tiers of users, shape (users,).

    Args:
        risk: NaN for who is not at risk: `GONE`.
        before: the tiers so far.
    """
    with np.errstate(invalid="ignore"):
        plain = LOW + (risk >= policy.medium).astype(np.uint8) + (risk >= policy.high)
        lenient = LOW + (risk >= policy.medium - policy.margin).astype(np.uint8)
        lenient += risk >= policy.high - policy.margin
    tiers = np.maximum(plain, np.minimum(before, lenient))
    tiers[np.isnan(risk)] = GONE
    return tiers.astype(np.uint8)


def judge(risk: Floats, now: Times, before: Served, policy: Policy, basis: int | Bases) -> Judged:
    """Tiers and alerts after a new score.

    Args:
        risk: shape (users,); NaN for who is not at risk.
        now: as of when, ms, shape (users,).
        basis: of these scores, one for all or shape (users,); `SILENT` raises nothing now, nor when compared with
            the next ones.
    """
    bases = np.broadcast_to(np.asarray(basis, np.uint16), risk.shape)
    comparable = (before.bases == bases) & (bases != SILENT)
    former = np.where(comparable, before.tiers, NEVER).astype(np.uint8)
    tiers = tiers_of(risk, former, policy)
    rises = (former >= LOW) & (tiers > former)  # what lies above LOW is MEDIUM or HIGH
    cooling = rises & (before.alerted > 0) & (now - before.alerted < policy.cooldown_ms)
    tiers[cooling] = former[cooling]
    raised = rises & ~cooling
    resolved = before.open & (tiers < MEDIUM) & (bases != SILENT)
    served = Served(
        tiers,
        bases,
        np.where(raised, now, before.alerted),
        (before.open | raised) & ~resolved,
    )
    return Judged(served, comparable, raised, resolved)


def carried_over(judged: Judged, rows: Times, by_former: Judged, before: Served, now: Times) -> Judged:
    """Rises that fall together with a new version: whoever has risen by the former one too has really risen.

    A version that is published every few days would otherwise swallow each rise between the last score of the old one
    and the first of the new one.

    Args:
        judged: by the version that serves now; users of the former one are not comparable there.
        rows: users whose last score was the former version's, places among `judged`.
        by_former: the same moment judged by the former version, shape (len(rows),).
        before: of all users.
        now: ms, shape (users,).
    """
    rises = by_former.raised & (judged.served.tiers[rows] > before.tiers[rows])
    raised = judged.raised.copy()
    raised[rows] |= rises
    served = judged.served._replace(
        alerted=np.where(raised, now, judged.served.alerted), open=judged.served.open | raised
    )
    return judged._replace(served=served, raised=raised)


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One record of the topic `risk-alerts`, in JSON. A crash may repeat one; the id tells."""

    id: str
    """16 hex digits (`alert_id`)."""
    kind: Literal["raised", "resolved"]
    user: str
    time: int
    """ms: the clock of the user's partition."""
    recorded: int
    """ms: Kafka's time of the record that raised it."""
    source: str
    """``partition:offset`` of that record."""
    tier: str
    tier_before: str
    risk: float | None
    """None for who is gone."""
    risk_before: float | None
    """To whole percent; None where there was none."""
    reasons: list[str]
    """In words, heaviest first; none for a resolved one."""
    expected_spend: float
    """Money, major units (`domain.money.expected_spend`)."""
    value_at_risk: float
    """Money, major units: risk times expected spend."""
    action: str
    """What is recommended; empty for a resolved one."""
    model: str
    """Name and version of what computed the risk."""
    expires: int
    """ms: too late to act on it."""
    deliver: bool
    """False if it is only to be kept: over a day old when it was raised, or held."""
    held: bool
    """The brake was on (`domain.brake`)."""


def alert_id(user: str, source: str) -> str:
    """16 hex digits: XXH3 of the user and of the ``partition:offset`` that raised the alert."""
    return xxhash.xxh3_64_hexdigest(f"{source} {user}".encode())


def expires(time: int, policy: Policy) -> int:
    """ms: an alert holds until the user might raise the next one, a day at least."""
    return time + max(policy.cooldown_ms, DAY_MS)
