"""What the assigned did in their follow-up, and before, as sums of cells: no user leaves the engine."""

import ibis
from ibis.expr.types import BooleanValue, Column, IntegerColumn, Table

from batch_jobs.experiments.assigned import PROMOTION, number_of
from batch_jobs.experiments.settings import ExperimentSettings
from batch_jobs.star.star import Star

BANDS = ("0", "1-3", "4-11", "12+")
"""Active days in the days before the assignment."""
UNKNOWN = "unknown"
OTHER = "other"
METRICS = ("retention", "revenue")
SEGMENTS = ("platform", "plan", "activity")


def cells(star: Star, first: Table, settings: ExperimentSettings) -> Table:
    """Sums of cells of (experiment, variant, number of the day, platform, plan, activity).

    Of each metric y and its covariate x, the same of the days before, there are the sums of y, y², x, x² and xy
    (`retention_y` … `revenue_xy`; Deng, Xu, Kohavi, Walker 2013, "Improving the sensitivity of online controlled
    experiments by utilizing pre-experiment data", WSDM), for users whose follow-up was over; beside them `assigned`
    and `crossed` of all users. They are floats that hold whole numbers, so exact below 2⁵³ in any order.

    - retained: an activity on one of the last `window_days` of the days 1 to `follow_up_days`; its covariate is the
      number of active days before;
    - revenue: spent + renewed − refunded on days 0 to `follow_up_days`.
    """
    users = _users(star, first, settings)
    return users.group_by("experiment", "variant", "number", *SEGMENTS).agg(
        assigned=users.count(),
        crossed=users.crossed.sum(),
        treated=users.treated.sum(),
        **{
            f"{metric}_{name}": column.cast("float64").sum()
            for metric in METRICS
            for name, column in _moments(users[metric], users[f"{metric}_before"]).items()
        },
    )


def _moments(y: Column, x: Column) -> dict[str, Column]:
    y, x = y.cast("float64"), x.cast("float64")
    return {"y": y, "yy": y * y, "x": x, "xx": x * x, "xy": x * y}


def _users(star: Star, first: Table, settings: ExperimentSettings) -> Table:
    """One row an assignment, with segments and outcomes; days after the follow-up enter nothing."""
    last = settings.follow_up_days
    daily = star.daily.mutate(at=number_of(star.daily.day))
    met = first.join(daily, "user")
    offset = met["at"] - met.number
    active = met.last_active.notnull()
    money = met.spent + met.renewed - met.refunded
    before = (offset < 0) & (offset >= -settings.before_days)
    within = (offset >= 0) & (offset <= last)
    late = (offset > last - settings.window_days) & (offset <= last)
    sums = met.group_by("experiment", "user").agg(
        retention=_any(active & late),
        revenue=ibis.ifelse(within, money, 0).sum(),
        retention_before=ibis.ifelse(active & before, 1, 0).sum(),
        revenue_before=ibis.ifelse(before, money, 0).sum(),
        platform=met.platform.argmax(met["at"], where=(offset < 0) & met.platform.notnull()),
        plan=met.plan.argmax(met["at"], where=(offset < 0) & met.plan.notnull()),
    )
    found = first.left_join(sums, ["experiment", "user"]).drop("experiment_right", "user_right")
    origins = star.users.select("user", "origin", "platform_at_origin", "plan_at_origin")
    found = found.left_join(origins, "user").drop("user_right")
    treated = _treated(star, first, settings)
    found = found.left_join(treated, ["experiment", "user"]).drop("experiment_right", "user_right")
    known = found.origin <= found.time
    numbers = ("retention", "revenue", "retention_before", "revenue_before", "treated")
    return found.mutate(
        **{name: found[name].coalesce(0).cast("int64") for name in numbers},
        platform=_named(
            star, "platform", found.platform.coalesce(known.ifelse(found.platform_at_origin, None)), settings
        ),
        plan=_named(star, "plan", found.plan.coalesce(known.ifelse(found.plan_at_origin, None)), settings),
        activity=_band(found.retention_before.coalesce(0)),
    )


def _any(condition: BooleanValue) -> IntegerColumn:
    return ibis.ifelse(condition, 1, 0).max()


def _treated(star: Star, first: Table, settings: ExperimentSettings) -> Table:
    """Whether a promotion that names the experiment, or none, came within the follow-up."""
    promotions = star.treatments.filter(star.treatments.type == PROMOTION).select(
        "user",
        made=star.treatments.time,
        made_on=number_of(star.treatments.day),
        of=star.treatments.experiment,
    )
    met = first.join(promotions, "user")
    within = (met.made >= met.time) & (met.made_on - met.number <= settings.follow_up_days)
    due = met.filter(within & (met["of"].isnull() | (met["of"] == "") | (met["of"] == met.experiment)))
    return due.select("experiment", "user").distinct().mutate(treated=ibis.literal(1))


def _named(star: Star, dimension: str, value: Column, settings: ExperimentSettings) -> Column:
    """The most frequent values by name: what users send is not bounded."""
    users = star.users.filter(star.users[dimension].notnull())
    counted = users.group_by(dimension).agg(n=users.count())
    told = counted.order_by(ibis.desc("n"), dimension).limit(settings.values)
    names = star.engine.to_pyarrow(told)[dimension].to_pylist()
    named = ibis.ifelse(value.isin(names), value, OTHER) if names else ibis.literal(OTHER)
    return ibis.ifelse(value.isnull(), UNKNOWN, named)


def _band(days: Column) -> Column:
    none, few, some, many = BANDS
    return ibis.cases((days == 0, none), (days <= 3, few), (days <= 11, some), else_=many)
