"""What one would write first on top of `benchmarks.batch.plain`: the core of each job in pandas and lifelines.

Less than the jobs say: no intervals of retention, no landmarks, no returns, no probabilities, no forecast, no trials.
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Final

import pandas as pd
from lifelines import CoxPHFitter, KaplanMeierFitter, NelsonAalenFitter
from lifelines.statistics import multivariate_logrank_test

from batch_jobs.star.schema import DIMENSIONS
from benchmarks.batch.plain import PlainStar

_UNITS: Final = {"day": 1, "week": 7, "month": 30}
_WINDOWS: Final = (1, 7, 30)
_MOST: Final = 8
"""Values of a dimension that are told apart, as the jobs do."""
_MONTH_DAYS: Final = 30
_RIDGE: Final = 1e-3
"""Values that hardly anybody has leave the likelihood flat."""


def retention(star: PlainStar) -> int:
    """Users and money by cohort and period, classic and unbounded, for all, each dimension and each pair of them."""
    days = star.daily.join(star.people[["origin_day", *DIMENSIONS]].add_suffix("_first"), on="user")
    days["net"] = days["spent"].fillna(0) + days["renewed"].fillna(0) - days["refunded"].fillna(0)
    age = (days["day"] - days["origin_day_first"]).dt.days
    rows = 0
    for width in _UNITS.values():
        days["cohort"] = days["origin_day_first"].dt.floor(f"{width}D")
        days["period"] = age // width
        active = days[days["activities"].notna()]
        last = active.groupby("user").agg(period=("period", "max")).join(star.people)
        last["cohort"] = last["origin_day"].dt.floor(f"{width}D")
        for names in _slices():
            kept = [f"{name}_first" for name in names]
            rows += len(active.groupby([*kept, "cohort", "period"])["user"].nunique())
            rows += len(last.groupby([*names, "cohort", "period"]).size())
            rows += len(days.groupby([*kept, "cohort", "period"])["net"].sum())
    return rows


def engagement(star: PlainStar) -> int:
    """Daily, weekly and monthly active users, for all and each dimension; features used, by day."""
    active = star.daily.loc[star.daily["activities"].notna(), ["user", "day"]]
    active = active.join(star.people[list(DIMENSIONS)], on="user").sort_values("day", ignore_index=True)
    rows = 0
    for day in pd.date_range(active["day"].iloc[0], active["day"].iloc[-1]):
        for width in _WINDOWS:
            first, end = active["day"].searchsorted([day - pd.Timedelta(days=width - 1), day + _ONE_DAY])
            users = active.iloc[first:end].drop_duplicates("user")
            rows += 1 + sum(len(users[name].value_counts()) for name in DIMENSIONS)
    return rows + len(star.usage.reset_index().groupby(["day", "feature"])["user"].nunique())


def survival(star: PlainStar) -> int:
    """Kaplan-Meier and Nelson-Aalen for all and each dimension's values, log-rank tests, and Cox, on a row a user."""
    people = star.people.dropna(subset=["origin_day"])
    event = people["lost"].notna()
    ends = people["lost"].where(event, star.as_of.tz_localize(None) - _ONE_DAY)
    lives = pd.DataFrame({"duration": (ends - people["origin_day"]).dt.days.clip(lower=0), "event": event})
    rows = len(_curve(lives))
    for name in DIMENSIONS:
        most = people[name].value_counts().index[:_MOST]
        lives[name] = people[name].where(people[name].isin(most), "other").astype(str)
        rows += sum(len(_curve(group)) for _, group in lives.groupby(name))
        rows += len(multivariate_logrank_test(lives["duration"], lives[name], lives["event"]).summary)
    coded = pd.get_dummies(lives, columns=list(DIMENSIONS), drop_first=True, dtype=float)
    return rows + len(CoxPHFitter(penalizer=_RIDGE).fit(coded, "duration", "event").summary)


def value(star: PlainStar) -> int:
    """Revenue a user by calendar month, lifetime sums by month since the origin, and each customer's percentile."""
    days = star.daily.join(star.people[["origin_day", *DIMENSIONS]].add_suffix("_first"), on="user")
    days["net"] = days["spent"].fillna(0) + days["renewed"].fillna(0) - days["refunded"].fillna(0)
    days["month"] = days["day"].dt.to_period("M")
    days["cohort_first"] = days["origin_day_first"].dt.to_period("M")
    days["age"] = (days["day"] - days["origin_day_first"]).dt.days // _MONTH_DAYS
    rows = 0
    for name in ("cohort", *DIMENSIONS):
        rows += len(
            days.groupby([f"{name}_first", "month"]).agg(net=("net", "sum"), users=("user", "nunique"))
        )
        rows += len(days.groupby([f"{name}_first", "age"])["net"].sum())
    spent = days.groupby("user")["net"].sum()
    return rows + len(spent[spent > 0].rank(pct=True))


JOBS: Final[dict[str, Callable[[PlainStar], int]]] = {
    "retention": retention, "engagement": engagement, "survival": survival, "value": value,
}  # fmt: skip
_ONE_DAY: Final = pd.Timedelta(days=1)


def _slices() -> Iterator[tuple[str, ...]]:
    yield ()
    yield from ((name,) for name in DIMENSIONS)
    yield from combinations(DIMENSIONS, 2)


def _curve(lives: pd.DataFrame) -> pd.DataFrame:
    fitted = KaplanMeierFitter().fit(lives["duration"], lives["event"])
    hazard = NelsonAalenFitter().fit(lives["duration"], lives["event"])
    curve: pd.DataFrame = fitted.survival_function_.join(hazard.cumulative_hazard_)
    return curve
