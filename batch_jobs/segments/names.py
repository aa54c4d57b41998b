"""What a group is called: rules on its centre, in natural units, against the average user.

The first rule that holds gives the name. A group that had the name in the last run keeps it as long as the rule holds
with slack, so that a group near a border is not renamed every week. Groups of the same name are one segment: how
finely the fit cuts who is silent, say, differs from run to run, what a segment means does not.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from batch_jobs.segments.features import WINDOW_DAYS

Name = Literal["One-Night Stands", "At-Risk", "Power Users", "Window Shoppers", "Casual"]
NAMES: Final[tuple[Name, ...]] = ("One-Night Stands", "At-Risk", "Power Users", "Window Shoppers", "Casual")
Centre = Mapping[str, float]
"""Feature to value, natural units."""

SLACK: Final = 0.2
"""A bound is so much wider, as a share of itself, for who has the name already."""
_CAME_BACK_DAYS: Final = 2.0
"""Active days of who has come back once: a group whose centre lies below has not, taken together."""
_AWAY_SHARE: Final = 0.5
_FALLING: Final = -0.3
_POWER: Final = 1.5
_BUYS: Final = 1.0
_LOOKS: Final = 0.75
_HARDLY_BUYS: Final = 0.25


def named(
    centres: Sequence[Centre], average: Centre, inactivity_days: float, last: Sequence[str | None]
) -> list[Name]:
    """Names of groups, in their order.

    Args:
        average: the centre of the users who were active in the window.
        inactivity_days: silence that makes a user gone.
        last: what each was called in the last run; None for those that are new.
    """
    return [_name(c, average, inactivity_days, had) for c, had in zip(centres, last, strict=True)]


def holds(name: Name, centre: Centre, average: Centre, inactivity_days: float, slack: float = 0.0) -> bool:
    """Whether the rule of a name holds for a centre.

    - One-Night Stands: came and did not come back: seen on fewer than 2 days in all, and silent for half the
      inactivity limit or longer.
    - At-Risk: silent for half the limit or longer (also who is gone already), or the trend is −0.3 or less.
    - Power Users: active on 1.5 times the days of the average user or more, and, where anybody buys, as many orders.
    - Window Shoppers: active on 0.75 times the days of the average or more, but with a quarter of its orders or
      fewer; only where anybody buys.
    - Casual: everybody else.
    """
    more, less = 1 - slack, 1 + slack
    away = min(_AWAY_SHARE * inactivity_days, float(WINDOW_DAYS))
    silent = centre["recency_days"] >= away * more
    days, orders, sold = centre["active_days"], centre["orders"], average["orders"]
    if name == "One-Night Stands":
        return silent and centre["days_seen"] < _CAME_BACK_DAYS * less
    if name == "At-Risk":
        return silent or centre["trend"] <= _FALLING * more
    if name == "Power Users":
        return days >= _POWER * average["active_days"] * more and orders >= _BUYS * sold * more
    if name == "Window Shoppers":
        looks = days >= _LOOKS * average["active_days"] * more
        return sold > 0 and looks and orders <= _HARDLY_BUYS * sold * less
    return True


def _name(centre: Centre, average: Centre, inactivity_days: float, last: str | None) -> Name:
    rules = (
        name
        for name in NAMES
        if holds(name, centre, average, inactivity_days, SLACK if name == last else 0.0)
    )
    return next(rules)  # the last rule always holds
