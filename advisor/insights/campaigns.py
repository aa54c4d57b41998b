"""What it brings to contact customers who are likely to leave, and what it costs.

Of a customer who would leave with probability p and is worth v, contacted with an offer that saves the share s of
those who would leave and gives away the share d of what whoever stays is worth:

    saved = s · p
    value = s · p · v
    cost  = contact + d · v · (1 − p + s · p)      (who would have stayed takes the discount, too)
    gain  = value − cost

Summed over those who are contacted. The interval is of chance alone, as if probabilities and the share saved were
right and customers independent: each brings v·(1 − d) with probability s·p, −v·d with 1 − p, and nothing otherwise,
less the contact. Its quantiles are those of Cornish and Fisher (1938), "Moments and cumulants in the specification of
distributions", up to the third cumulant: the gain of a few customers of very different worth is not symmetric.
"""

from typing import Final, Literal, NamedTuple, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from online_model.quality.intervals import Z95

Vector = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Scenario = Literal["top_50", "top_100", "top_200", "all_at_risk"]
SCENARIOS: Final[tuple[Scenario, ...]] = get_args(Scenario)
_SIZES: Final = {"top_50": 50, "top_100": 100, "top_200": 200}


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What customers are contacted with; money in the currency of the file.

    Raises:
        ValueError: a cost that is no amount of money, or a share outside [0, 1].
    """

    contact: float = 5.0
    """Cost of one contact."""
    save_rate: float = 0.35
    """Share of those who would leave that it keeps; a guess until a holdout measures it (`online_model.saving`)."""
    discount: float = 0.0
    """Share of their value that is given to all who stay."""

    def __post_init__(self) -> None:
        if not 0 <= self.contact < float("inf"):
            raise ValueError(f"the cost of a contact must be 0 or more, it is {self.contact}")
        for name in ("save_rate", "discount"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1, it is {getattr(self, name)}")


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be expected of contacting some customers."""

    contacted: int
    would_leave: float
    """Expected number of them, without a contact."""
    saved: float
    value: float
    """Of the saved."""
    cost: float
    gain: float
    """`value` − `cost`."""
    gain_low: float
    """95 % interval of what chance makes of it."""
    gain_high: float
    returned: float | None
    """`gain` for each unit of `cost`; None where there is no cost."""
    break_even: float | None
    """Share saved from which on the gain is not below 0; None where no share is enough."""


class Choice(NamedTuple):
    """Those whom a campaign may contact, who are at risk; arrays of shape (n,)."""

    probability: Vector
    """To leave within the horizon."""
    value: Vector
    """What is lost with them."""


def gains(choice: Choice, offer: Offer) -> Vector:
    """What contacting each is expected to bring, shape (n,)."""
    p, v = choice
    saved = offer.save_rate * p
    return saved * v - offer.contact - offer.discount * v * (1 - p + saved)


def ranked(choice: Choice, offer: Offer) -> Whole:
    """Positions of the customers in the order in which to contact them: the most gain first."""
    return np.argsort(-gains(choice, offer), kind="stable")


def scenario(name: Scenario, choice: Choice, offer: Offer) -> Campaign:
    """The first 50, 100 or 200 of `ranked`, or everybody."""
    return campaign(choice, ranked(choice, offer)[: _SIZES.get(name)], offer)


def campaign(choice: Choice, contacted: Whole, offer: Offer) -> Campaign:
    """What to expect of contacting those at these positions."""
    p, v = choice.probability[contacted], choice.value[contacted]
    s, d, n = offer.save_rate, offer.discount, len(contacted)
    saved = s * p
    value, staying = float((saved * v).sum()), 1 - p + saved
    cost = n * offer.contact + d * float((v * staying).sum())
    low, high = _interval(value - cost, saved, 1 - p, v, d)
    at_stake = (1 - d) * float((p * v).sum())
    needed = n * offer.contact + d * float((v * (1 - p)).sum())
    even = 0.0 if needed <= 0 else needed / at_stake if at_stake > 0 else float("inf")
    return Campaign(
        contacted=n,
        would_leave=float(p.sum()),
        saved=float(saved.sum()),
        value=value,
        cost=cost,
        gain=value - cost,
        gain_low=low,
        gain_high=high,
        returned=(value - cost) / cost if cost > 0 else None,
        break_even=even if even <= 1 else None,
    )


def _interval(gain: float, kept: Vector, stayed: Vector, v: Vector, d: float) -> tuple[float, float]:
    won, given = v * (1 - d), -v * d
    mean = kept * won + stayed * given
    second = kept * won**2 + stayed * given**2
    third = kept * won**3 + stayed * given**3
    variance = float((second - mean**2).sum())
    if variance <= 0:
        return gain, gain
    deviation = variance**0.5
    if deviation**3 == 0:  # too small a sum of money for floats, too
        return gain, gain
    skew = float((third - 3 * mean * second + 2 * mean**3).sum()) / deviation**3
    low, high = (z + (z * z - 1) * skew / 6 for z in (-Z95, Z95))
    return gain + min(low, high) * deviation, gain + max(low, high) * deviation
