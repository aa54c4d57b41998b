"""Users as of a moment, from their days; or from what they were at an earlier moment, and the days since."""

from collections.abc import Iterable, Iterator
from typing import Final

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from batch_jobs.star.losses import losses
from batch_jobs.star.schema import DIMENSIONS, USERS
from domain.hashing import hashes_of
from domain.settings import FactSettings

_TIME: Final = pa.timestamp("ms", tz="UTC")

STORED: Final = pa.schema(
    [
        *USERS,
        # what the next day's users are computed from, and jobs have no use for
        pa.field("heard", pa.bool_(), nullable=False),  # whether an event was not silent
        pa.field("left", _TIME),  # first cancellation after the last activity, where it is a loss
    ]
)
"""`users` as it is stored: the public columns, and those that the next refresh needs."""

SUMS: Final = (
    "activities", "sessions", "session_ms", "pages", "conversions", "orders", "items", "spent", "discounted",
    "renewals", "renewed", "refunds", "refunded", "failed_payments", "tickets", "positive", "negative", "upgrades",
    "downgrades",
)  # fmt: skip

_NEVER: Final = -1
"""Day of what was known before, earlier than any other."""
_LATER: Final = 2**44
"""More than any moment in ms: a signup goes before a first sign, that before a silent event."""

BATCH: Final = 50_000
"""Rows at a time, on the way into a file."""

COMPUTED: Final = tuple(name for name in STORED.names if name != "hash")


def users(
    days: Table, changes: Table, as_of: int, settings: FactSettings, before: Table | None = None
) -> Table:
    """Rows of `STORED` as numbers, without the hash.

    Args:
        days: of `daily.STORED` as numbers, before `as_of`: all, or all since `before`.
        changes: of `happenings.STORED_CHANGES` as numbers, of the same days.
        as_of: ms, exclusive.
        before: of `STORED` as numbers: the same users at an earlier as-of, and others that are to be looked at.
    """
    spans = _spans_of_days(days)
    if before is not None:
        spans = spans.union(_spans_of_users(before).select(*spans.columns))
    whole = _whole(spans)
    lost = losses(spans, changes, whole, before, as_of, settings)
    parts = (
        (lost, ("lost", "lost_by", "silent_since", "returned", "returns", "left")),
        (_told_before(spans, whole), tuple(f"told_{name}" for name in DIMENSIONS)),
        (_paid(spans, whole), ("paid_after",)),
    )
    found = whole
    for part, names in parts:
        there = part.rename(user_="user")
        found = found.left_join(there, found.user == there.user_).select(*found.columns, *names)
    at_origin = {
        f"{name}_at_origin": ibis.coalesce(found[f"known_{name}"], found[f"told_{name}"])
        for name in DIMENSIONS
        if name != "channel"
    }
    # of the channel the first is what counts
    at_origin["channel_at_origin"] = ibis.coalesce(found.told_channel, found.known_channel)
    cancelled = (found.cancelled >= found.last_signup.fill_null(0)).fill_null(False)
    return found.mutate(
        **at_origin,
        paid=ibis.ifelse(found.trial.notnull(), found.paid_after, found.first_paid),
        cancelled=ibis.ifelse(cancelled, found.cancelled, ibis.null("int64")),
        returns=found.returns.fill_null(0),
    ).select(*COMPUTED)


def hashed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """With the hash of each user id, which no engine can compute."""
    for batch in batches:
        yield batch.append_column("hash", pa.array(hashes_of(batch["user"].to_pylist())))


def _spans_of_days(days: Table) -> Table:
    ordered = ibis.ifelse(days.orders > 0, days.day, ibis.null("int64"))
    return days.select(
        "user", "day", *SUMS, *DIMENSIONS,
        *(f"known_{name}" for name in DIMENSIONS),
        "first_active", "last_active", "signup", "last_signup", "trial", "cancelled", "first_sign", "first_event",
        "first_paid", "paid_after_trial",
        active_days=(days.activities > 0).cast("int64"),
        first_order=ordered,
        last_order=ordered,
        old=ibis.literal(False),
    )  # fmt: skip


def _spans_of_users(before: Table) -> Table:
    """What was known of users, in the shape of one day before all others."""
    nothing = ibis.null("int64")
    return before.select(
        "user", *SUMS, *DIMENSIONS, "first_active", "last_active", "trial", "cancelled", "active_days",
        "first_order", "last_order",
        **{f"known_{name}": before[f"{name}_at_origin"] for name in DIMENSIONS},
        day=ibis.literal(_NEVER, "int64"),
        signup=ibis.ifelse(before.signed_up, before.origin, nothing),
        last_signup=nothing,
        first_sign=ibis.ifelse(before.heard, before.origin, nothing),
        first_event=before.origin,
        first_paid=before.paid,
        paid_after_trial=ibis.ifelse(before.trial.notnull(), before.paid, nothing),
        old=ibis.literal(True),
    )  # fmt: skip


def _whole(spans: Table) -> Table:
    """One row a user with all that adds up."""
    rank = ibis.coalesce(spans.signup, spans.first_sign + _LATER, spans.first_event + 2 * _LATER)
    latest = {
        name: spans[name].argmax(spans.day, where=spans[name].notnull())
        for name in DIMENSIONS
        if name != "channel"
    }
    # a null must stand for the row that it is in
    known = {f"known_{name}": spans[f"known_{name}"].fill_null("").argmin(rank) for name in DIMENSIONS}
    found = spans.group_by("user").agg(
        rank=rank.min(),
        began_before=spans.old.cast("int64").argmin(rank) == 1,
        first_day=spans.day.min(),
        heard=spans.first_sign.count() > 0,
        channel=spans.channel.argmin(spans.day, where=spans.channel.notnull()),
        **latest,
        **known,
        **{name: spans[name].sum() for name in (*SUMS, "active_days")},
        **{name: spans[name].min() for name in ("first_active", "trial", "first_order", "first_paid")},
        **{name: spans[name].max() for name in ("last_active", "last_order", "cancelled", "last_signup")},
    )
    return found.mutate(
        origin=found["rank"] % _LATER,
        signed_up=found["rank"] < _LATER,
        **{name: found[name].nullif("") for name in known},
    )


def _told_before(spans: Table, whole: Table) -> Table:
    """What days before that of the origin have said, of those who signed up after their first day."""
    day = whole.origin // 86_400_000
    later = whole.filter(~whole.began_before, whole.first_day < day)
    later = later.select(user_="user", origin_day=later.origin // 86_400_000)
    told = spans.inner_join(later, [spans.user == later.user_, spans.day < later.origin_day])
    told = told.select("user", "day", *DIMENSIONS)
    return told.group_by("user").agg(
        told_channel=told.channel.argmin(told.day, where=told.channel.notnull()),
        **{
            f"told_{name}": told[name].argmax(told.day, where=told[name].notnull())
            for name in DIMENSIONS
            if name != "channel"
        },
    )


def _paid(spans: Table, whole: Table) -> Table:
    """First event on a paid plan at or after the first trial, of those who had one."""
    tried = whole.filter(whole.trial.notnull())
    tried = tried.select(user_="user", first_trial="trial")
    rows = spans.inner_join(tried, spans.user == tried.user_)
    rows = rows.select("user", "trial", "first_trial", "first_paid", "paid_after_trial")
    ripe = rows.first_paid >= rows.first_trial
    own = rows.trial == rows.first_trial
    return rows.group_by("user").agg(
        paid_after=ibis.least(
            rows.first_paid.min(where=ripe.fill_null(False)),
            rows.paid_after_trial.min(where=own.fill_null(False)),
        )
    )
