"""One row a user: what was spent, where that stands among customers, and what is at risk."""

from datetime import timedelta
from typing import Final

import ibis
from ibis.expr.types import BooleanValue, FloatingValue, Table

from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star
from batch_jobs.value.months import net_of
from batch_jobs.value.risks import RISKS, latest_two
from online_model.thresholds import Contact

_WINDOW_DAYS: Final = 182
_WEEK_DAYS: Final = 7.0
_FEWEST_WEEKS: Final = 4.0
_MOST_WEEKS: Final = 26.0
_DAY_MS: Final = 86_400_000
_MINOR_UNITS: Final = 100


def customers(
    star: Star, paid: Table, risks: Table | None, segments: Table | None, contact: Contact
) -> Table:
    """Of every user, in minor units of money.

    - `revenue`: spent + renewed − refunded since the origin
    - `customer`: whether the user ever ordered or renewed
    - `at_most`: how many customers have brought at most as much, `percentile` their share in percent, `decile` 1 to
      10; null of who is no customer
    - `at_risk`: whether the user may still be lost: active within the inactivity limit, no cancellation standing
    - `expected`: `domain.money.expected_spend` of the last half year's revenue by days, renewals with it
    - `probability`, `tier`, `time` of the last risk, and those before (`latest_two`); null where there is none
    - `lost`: probability · expected; `recoverable`: lost · chance of saving; `gain`: recoverable − cost of a contact

    Args:
        paid: `batch_jobs.value.months.Months.paid`.
        risks: rows of `batch_jobs.value.risks.RISKS`; None for none.
        segments: `user` and `segment`; None for none.
        contact: cost and chance; cost in major units.
    """
    users = star.users.select(
        "user",
        *DIMENSIONS,
        revenue=net_of(star.users),
        customer=star.users.orders + star.users.renewals > 0,
        at_risk=_may_be_lost(star),
        origin_day=star.users.origin.date(),
    )
    users = _beside(_beside(users, _ranks(users), "user"), _recent(star, paid), "user")
    if segments is None:
        users = users.mutate(segment=ibis.null("string"))
    else:
        users = _beside(users, segments.select("user", "segment"), "user")
    users = users.mutate(expected=_expected(star, users)).drop("origin_day", "recent")
    known = latest_two(star, ibis.memtable(RISKS.empty_table()) if risks is None else risks)
    users = _beside(users, known, "user")
    lost = ibis.ifelse(users.at_risk, users.probability * users.expected, ibis.null("float64"))
    users = users.mutate(lost=lost, recoverable=lost * contact.chance_of_saving)
    return users.mutate(gain=users.recoverable - contact.cost * _MINOR_UNITS)


def _beside(table: Table, other: Table, key: str) -> Table:
    return table.left_join(other, key).drop(f"{key}_right")


def _may_be_lost(star: Star) -> BooleanValue:
    since = star.as_of - timedelta(milliseconds=star.settings.inactivity_ms)
    active = star.users.last_active.notnull() & (star.users.last_active >= ibis.literal(since))
    return active & star.users.cancelled.isnull()


def _ranks(users: Table) -> Table:
    """Of customers: how many have brought at most as much, by the distinct amounts, of which there are far fewer."""
    buyers = users.filter(users.customer)
    amounts = buyers.group_by("revenue").aggregate(count=buyers.count())
    window = ibis.cumulative_window(order_by=amounts.revenue)
    amounts = amounts.mutate(at_most=amounts["count"].sum().over(window))
    total = buyers.aggregate(customers=buyers.count())
    ranked = buyers.select("user", "revenue").inner_join(amounts, "revenue").cross_join(total)
    at_most, all_ = ranked.at_most.cast("float64"), ranked.customers.cast("float64")
    return ranked.select(
        "user",
        "at_most",
        percentile=at_most * 100.0 / all_,
        decile=((at_most * 10.0 + all_ - 1.0) / all_).floor().cast("int64"),
    )


def _recent(star: Star, paid: Table) -> Table:
    since = star.as_of.date() - timedelta(_WINDOW_DAYS)
    days = paid.filter(paid.day >= ibis.date(since))
    return days.group_by("user").aggregate(recent=days.net.sum())


def _expected(star: Star, users: Table) -> FloatingValue:
    """max(revenue of 26 weeks, 0) / min(max(weeks since the origin, 4), 26) · horizon in weeks."""
    tenure = ibis.date(star.as_of.date()).delta(users.origin_day, unit="day").cast("float64") / _WEEK_DAYS
    weeks = ibis.least(ibis.greatest(tenure, _FEWEST_WEEKS), _MOST_WEEKS)
    horizon = star.settings.horizon_ms / _DAY_MS / _WEEK_DAYS
    return ibis.greatest(users.recent.fill_null(0).cast("float64"), 0.0) / weeks * horizon
