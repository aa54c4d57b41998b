"""What a feature says about a user, in a sentence with the user's numbers.

A sentence states facts and no judgement; that it raises or lowers the risk is said beside it, from the sign of the
weight. So words cannot contradict numbers.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from domain.catalogue import INDEX
from online_model.explain.amounts import days, in_words, known, number
from online_model.explain.labels import LABELS, window_in_words
from online_model.learners.learner import Vector

_COUNTED: Final = {
    "sessions": ("session", "sessions"),
    "active_days": ("day with an activity", "days with an activity"),
    "events": ("activity", "activities"),
    "pages": ("page seen", "pages seen"),
    "orders": ("purchase", "purchases"),
}
_DATED: Final = {
    "failed_payments": ("declined charge", "declined charges", "days_since_failed_payment"),
    "tickets_total": ("support ticket", "support tickets", "days_since_ticket"),
    "orders_total": ("purchase", "purchases", "days_since_purchase"),
    "trials": ("trial", "trials", "days_since_trial"),
}
"""Counts with the time since the last one."""
_COUNT_OF: Final = {since: count for count, (_, _, since) in _DATED.items()}
_WINDOWED: Final = re.compile(r"(sessions|active_days|events|pages|orders)_(total|\d+[dw])")
_TREND: Final = re.compile(r"(sessions|events|minutes|spend)_trend_(30d|13w)")
_WITH_TREND: Final = re.compile(r"(sessions|events|minutes)_30d|(sessions|events|spend)_13w")


# there are as many names as features: each is taken apart once
_trend_of: Final = cache(_TREND.fullmatch)
_has_trend: Final = cache(_WITH_TREND.fullmatch)
_windowed: Final = cache(_WINDOWED.fullmatch)


class User:
    """One user's features by name."""

    def __init__(self, x: Vector, names: Mapping[int, str]) -> None:
        """
        Args:
            x: raw features in the order of the catalogue.
            names: of codes.
        """
        self._x = x
        self._names = names

    def value(self, feature: str) -> float | None:
        """None where it is not known, or cannot be."""
        value = float(self._x[INDEX[feature]])
        return value + 0.0 if known(feature, value) else None  # minus zero becomes zero

    def words(self, feature: str) -> str:
        """The value with its unit."""
        return in_words(feature, float(self._x[INDEX[feature]]), self._names)


def sentence(feature: str, user: User) -> str:
    """What this feature says about the user.

    Args:
        feature: of the catalogue.
    """
    return (
        _trend(feature, user)
        or _dated(feature, user)
        or _counted(feature, user)
        or _special(feature, user)
        or f"{LABELS[feature]}: {user.words(feature)}"
    )


def _trend(feature: str, user: User) -> str | None:
    """``sessions fell from 12 to 4 in the last 30 days``, where both the count and its trend are known."""
    asked = _trend_of(feature)
    if asked:
        feature = f"{asked[1]}_{asked[2]}"
    elif not _has_trend(feature):
        return None
    stem, window = feature.split("_")
    now, trend = user.value(feature), user.value(f"{stem}_trend_{window}")
    noun = LABELS[feature].removesuffix(f" {window_in_words(window)}")
    if now == 0 and trend == -1:
        return f"no {noun} {window_in_words(window)}, but some in the {window_in_words(window)[12:]} before"
    if not now or trend is None or trend == -1:
        return None
    before = now * (1 - trend) / (1 + trend)  # trend = (now − before) / (now + before)
    if not known(feature, before):
        return None
    old, new = (in_words(feature, value, {}) for value in (before, now))
    if old == new:
        return f"{noun} stayed at {new} {window_in_words(window)}"
    return f"{noun} {'rose' if now > before else 'fell'} from {old} to {new} {window_in_words(window)}"


def _dated(feature: str, user: User) -> str | None:
    """``2 declined charges, the last 5 days ago``."""
    count = _COUNT_OF.get(feature, feature)
    if count not in _DATED:
        return None
    one, many, since = _DATED[count]
    times, ago = user.value(count), user.value(since)
    if times is None or times < 0.5:
        # trust what was asked about
        return (
            f"last {one} {days(ago)} ago"
            if feature == since and ago is not None
            else _none(one, times, feature)
        )
    last = "" if ago is None else f", {'the last' if times >= 1.5 else 'it was'} {days(ago)} ago"
    return f"{_several(times, one, many)}{last}"


def _none(one: str, times: float | None, feature: str) -> str | None:
    return f"no {one} so far" if times is not None or feature in _COUNT_OF else None


def _counted(feature: str, user: User) -> str | None:
    found = _windowed(feature)
    value = user.value(feature)
    if not found or value is None:
        return None
    return f"{_several(value, *_COUNTED[found[1]])} {window_in_words(found[2])}"


def _several(count: float, one: str, many: str) -> str:
    if count < 0.5:
        return f"no {one}"
    return f"1 {one}" if count < 1.5 else f"{number(count)} {many}"


def _silence(user: User) -> str | None:
    silence, gap = user.value("days_since_last_session"), user.value("gap_mean_days")
    if silence is None:
        return "no session so far"
    usual = "no usual gap is known yet" if gap is None else f"the usual gap is {days(gap)}"
    return f"no session for {days(silence)}; {usual}"


def _habit(user: User) -> str | None:
    gap, sessions = user.value("gap_mean_days"), user.value("sessions_total")
    if gap is None or sessions is None or sessions < 1.5:
        return None
    return f"{number(sessions)} sessions so far, one every {days(gap)}"


def _paid(user: User) -> str | None:
    value = user.value("paid")
    return None if value is None else "on a paid plan" if value >= 0.5 else "on a plan that is not paid"


def _used(feature: str, many: str) -> Callable[[User], str | None]:
    def said(user: User) -> str | None:
        value = user.value(feature)
        return None if value is None else f"about {number(value)} different {many} used"

    return said


def _share(feature: str, of: str) -> Callable[[User], str | None]:
    def said(user: User) -> str | None:
        return None if user.value(feature) is None else f"{user.words(feature)} of {of}"

    return said


_SPECIAL: Final[Mapping[str, Callable[[User], str | None]]] = {
    "days_since_last_session": _silence,
    "silence_over_gap": _silence,
    "gap_mean_days": _habit,
    "paid": _paid,
    "features_used": _used("features_used", "features"),
    "categories_used": _used("categories_used", "categories"),
    "tutorial_share": _share("tutorial_share", "sessions with a tutorial"),
    "support_share": _share("support_share", "sessions for support"),
    "weekend_share": _share("weekend_share", "sessions on weekends"),
    "evening_share": _share("evening_share", "sessions in the evening"),
    "discounted_share": _share("discounted_share", "purchases with a discount"),
    "refunded_share": _share("refunded_share", "what was spent was refunded"),
    "positive_ratio": _share("positive_ratio", "feedback was positive"),
}


def _special(feature: str, user: User) -> str | None:
    saying = _SPECIAL.get(feature)
    return saying(user) if saying else None
