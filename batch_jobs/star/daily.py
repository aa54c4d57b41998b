"""Facts by user and day."""

from typing import Final

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from batch_jobs.star.events import SILENT, is_activity
from batch_jobs.star.orders import changes_of_plan, orders
from batch_jobs.star.schema import DAILY, DIMENSIONS
from batch_jobs.star.sessions import sessions
from domain.columns import UNPAID_PLANS
from domain.settings import FactSettings

_TIME: Final = pa.timestamp("ms", tz="UTC")

STORED: Final = pa.schema(
    [
        *DAILY,
        # what the users are computed from, and jobs have no use for
        pa.field("partition", pa.int64(), nullable=False),  # of the log: all of a user is in one
        pa.field("first_event", _TIME, nullable=False),
        pa.field("first_sign", _TIME),  # first event that is not silent
        pa.field("last_signup", _TIME),
        pa.field("first_paid", _TIME),  # first event that names a paid plan
        pa.field("paid_after_trial", _TIME),  # the first of them at or after the day's first trial
        # at the day's first signup, or else its first sign: said by an event of this day, then or before
        *(pa.field(f"known_{name}", pa.string()) for name in DIMENSIONS),
    ]
)
"""`daily` as it is stored: the public columns, and those that `users` needs."""


def daily(found: Table, mine: Table, settings: FactSettings) -> Table:
    """Rows of `STORED` as numbers.

    Args:
        found: events of the days that are wanted and of the day before each, each once.
        mine: those of the days that are wanted.
    """
    whole = _counted(mine, settings)
    parts = (
        (sessions(found, settings), ("sessions", "session_ms")),
        (orders(found), ("orders",)),
        (changes_of_plan(found), ("upgrades", "downgrades")),
        (_known(mine), tuple(f"known_{name}" for name in DIMENSIONS)),
        (_paid(mine), ("paid_after_trial",)),
    )
    for part, names in parts:
        there = part.rename({f"{name}_": name for name in ("user", "day")})
        joined = whole.left_join(there, [whole.user == there.user_, whole.day == there.day_])
        whole = joined.select(*whole.columns, *names)
    counts = {f.name: whole[f.name].fill_null(0) for f in STORED if f.type == pa.int64()}
    return whole.mutate(**counts).select(*STORED.names)


def _counted(mine: Table, settings: FactSettings) -> Table:
    act = is_activity(mine, settings)
    loud = mine.type.notin(SILENT)
    kind = mine.type
    pages = mine.pages.fill_null(ibis.ifelse(kind == "page_view", 1, 0))
    amount, discount = mine.amount.fill_null(0), mine.discount.fill_null(0)
    paid = loud & mine.plan.notnull() & mine.plan.notin(sorted(UNPAID_PLANS))

    def times(name: str) -> ibis.Value:
        return mine.count(where=kind == name)

    return mine.group_by("user", "day").agg(
        first_active=mine.time.min(where=act),
        last_active=mine.time.max(where=act),
        activities=mine.count(where=act),
        pages=pages.sum(where=act),
        conversions=mine.count(where=loud & mine.conversion.fill_null(False)),
        items=mine.quantity.fill_null(1).sum(where=kind == "purchase"),
        spent=amount.sum(where=kind == "purchase"),
        discounted=discount.sum(where=kind == "purchase"),
        renewals=times("renewal"),
        renewed=amount.sum(where=kind == "renewal"),
        refunds=times("refund"),
        refunded=amount.sum(where=kind == "refund"),
        failed_payments=times("payment_failed"),
        tickets=times("support_ticket"),
        positive=times("positive_feedback"),
        negative=times("negative_feedback"),
        signup=mine.time.min(where=kind == "signup"),
        last_signup=mine.time.max(where=kind == "signup"),
        trial=mine.time.min(where=kind == "trial_start"),
        cancelled=mine.time.max(where=kind == "cancellation"),
        channel=mine.channel.argmin(mine.key, where=loud & mine.channel.notnull()),
        **{
            name: mine[name].argmax(mine.key, where=loud & mine[name].notnull())
            for name in DIMENSIONS
            if name != "channel"
        },
        partition=mine.partition.min(),
        first_event=mine.time.min(),
        first_sign=mine.time.min(where=loud),
        first_paid=mine.time.min(where=paid),
    )


def _known(mine: Table) -> Table:
    """What was known at the day's first signup, or at its first sign where there was none."""
    loud = mine.filter(mine.type.notin(SILENT))
    begun = loud.group_by("user", "day").agg(
        begins=ibis.coalesce(loud.time.min(where=loud.type == "signup"), loud.time.min())
    )
    told = loud.inner_join(
        begun, [loud.user == begun.user, loud.day == begun.day, loud.time <= begun.begins]
    ).select(*(loud[name] for name in ("user", "day", "key", *DIMENSIONS)))
    return told.group_by("user", "day").agg(
        known_channel=told.channel.argmin(told.key, where=told.channel.notnull()),
        **{
            f"known_{name}": told[name].argmax(told.key, where=told[name].notnull())
            for name in DIMENSIONS
            if name != "channel"
        },
    )


def _paid(mine: Table) -> Table:
    """First event on a paid plan at or after the day's first trial."""
    trials = mine.filter(mine.type == "trial_start")
    begun = trials.group_by("user", "day").agg(trial=trials.time.min())
    paid = mine.filter(mine.type.notin(SILENT), mine.plan.notnull(), mine.plan.notin(sorted(UNPAID_PLANS)))
    after = paid.inner_join(
        begun, [paid.user == begun.user, paid.day == begun.day, paid.time >= begun.trial]
    ).select(paid.user, paid.day, paid.time)
    return after.group_by("user", "day").agg(paid_after_trial=after.time.min())
