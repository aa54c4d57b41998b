"""Whether the variants got the shares that the lot was to give them."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from scipy import stats

from batch_jobs.experiments.settings import RATIO_ALPHA

PLANNED: Final = "planned"
EQUAL: Final = "equal shares"


class Ratio(NamedTuple):
    """A sample-ratio check (Fabijan et al. 2019, "Diagnosing sample ratio mismatch", KDD)."""

    p: float | None
    """χ² test; None where there is but one variant, or one that is not planned."""
    ok: bool | None
    of: str
    shares: dict[str, float | None]
    """By variant; None where no share is planned for it."""


def ratio(variants: Sequence[str], assigned: Sequence[int], planned: Mapping[str, float] | None) -> Ratio:
    """Check all that were assigned, matured or not.

    A variant that is planned and got nobody counts; one that got users and is not planned fails the check.
    """
    if planned is None:
        shares: dict[str, float | None] = dict.fromkeys(variants, 1 / max(len(variants), 1))
    else:
        total = sum(planned.values())
        shares = {name: share / total for name, share in sorted(planned.items())}
        shares |= {name: None for name in variants if name not in shares}
    of = EQUAL if planned is None else PLANNED
    if None in shares.values():
        return Ratio(None, False, of, shares)
    if len(shares) < 2 or not sum(assigned):
        return Ratio(None, None, of, shares)
    found = dict(zip(variants, assigned, strict=True))
    expected = [share * sum(assigned) for share in shares.values() if share is not None]
    p = float(stats.chisquare([found.get(name, 0) for name in shares], expected).pvalue)
    return Ratio(p, p >= RATIO_ALPHA, of, shares)
