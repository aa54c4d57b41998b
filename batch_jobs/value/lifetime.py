"""What a member of a group has brought and will bring: the lifetime value, with its interval.

Of n members, N_j were followed for month j since their origin to its end; all others are censored, since nothing but
the as-of ends the following (who is lost brings nothing, and that is known). The partitioned estimator of Bang and
Tsiatis 2000, "Estimating medical costs with censored data", Biometrika 87, weights each observed month of a member by
the inverse of the probability K_j to be followed so long (Zhao and Tsiatis 1997, Biometrika 84):

    LTV(m) = 1/n · Σ_{j<m} d_j Σ_{i followed for j} M_ij / K_j,  K_j = N_j / n,
    d_j = (1 + rate)^(−(j + ½) · 30 / 365)

which is Σ d_j · (mean margin of month j over who was followed). It is right if who joined when says nothing about how
much one brings; where that has changed, look at cohorts.

Beyond the last ripe month, for at most `BEYOND` months, the margin falls by a constant share a month: the curve
A · q^i over the last `WINDOW` ripe months with q = Σ m_1… / Σ m_0…, at most 1, and A so that both have the same sum.

The interval is the delete-a-group jackknife (Kott 2001, J. Official Statistics 17) over random groups of users by
hash, with Student's t, of the whole estimate with its extrapolation; that the curve may be wrong is not in it.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from batch_jobs.value.people import MONTH_DAYS

Money = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
BEYOND: Final = 12
WINDOW: Final = 6
FEWEST_MONTHS: Final = 3
"""With fewer ripe months nothing is extrapolated."""
_YEAR_DAYS: Final = 365.0


class Lifetime(NamedTuple):
    """Of one group; shapes (months,), for 1, 2, … months since the origin."""

    members: int
    followed: Counts
    """Members who were followed for the month to its end; 0 where it is extrapolated."""
    margin: Money
    """Of the month, a member, not discounted."""
    plain: Money
    """Cumulative, not discounted."""
    value: Money
    """Cumulative, discounted."""
    low: Money
    """95 %, of `value`."""
    high: Money
    ripe: int
    """Months that are observed; the others are extrapolated."""


def lifetime(
    members: Counts, net: Counts, least: int, share: float = 1.0, rate: float = 0.10
) -> Lifetime | None:
    """Lifetime value of a group; None where fewer than `least` were followed for a month.

    Args:
        members: by random group and complete months of following, shape (groups, months + 1).
        net: minor units of revenue by random group and month since the origin, of members who were followed for that
            month to its end, shape (groups, months).
        least: members whose month makes it ripe.
        share: of revenue that is margin.
        rate: of discount, a year.
    """
    followed = members.sum(axis=1, keepdims=True) - members.cumsum(axis=1)
    followed = followed[:, : net.shape[1]]
    total = followed.sum(axis=0)
    ripe = int((np.cumprod(total >= least)).sum())
    if not ripe:
        return None
    margins = net[:, :ripe] * share
    whole = _months(margins.sum(axis=0), total[:ripe])
    without = np.array(
        [
            _months(margins.sum(axis=0) - m, total[:ripe] - f[:ripe], whole)
            for m, f in zip(margins, followed, strict=True)
        ]
    )
    months = len(whole)
    discounts = (1 + rate) ** (-(np.arange(months) + 0.5) * MONTH_DAYS / _YEAR_DAYS)
    value = np.cumsum(whole * discounts)
    half = _half_widths(np.cumsum(without * discounts, axis=1))
    return Lifetime(
        int(members.sum()),
        np.concatenate([total[:ripe], np.zeros(months - ripe, np.int64)]),
        whole,
        np.cumsum(whole),
        value,
        value - half,
        value + half,
        ripe,
    )


def extended(margin: Money) -> Money:
    """Ripe months and those beyond them, shape (ripe + BEYOND,), or the same where there are too few."""
    if len(margin) < FEWEST_MONTHS:
        return margin
    last = margin[-WINDOW:]
    before = last[:-1].sum()
    decay = min(max(float(last[1:].sum() / before), 0.0), 1.0) if before > 0 else 0.0
    powers = decay ** np.arange(len(last))
    level = max(float(last.sum() / powers.sum()), 0.0)
    beyond = level * decay ** (len(last) - 1 + np.arange(1, BEYOND + 1))
    return np.concatenate([margin, beyond])


def _months(margin: Money, followed: Counts, otherwise: Money | None = None) -> Money:
    """Mean margins by month; those of all where nobody is left."""
    known = margin / np.maximum(followed, 1)
    if otherwise is not None:
        known = np.where(followed > 0, known, otherwise[: len(known)])
    return extended(known)


def _half_widths(without: Money) -> Money:
    """Of 95 %, from the estimates without each group, shape (groups, months)."""
    groups = len(without)
    spread = ((without - without.mean(axis=0)) ** 2).sum(axis=0) * (groups - 1) / groups
    return np.asarray(student.ppf(0.975, groups - 1) * np.sqrt(spread))
