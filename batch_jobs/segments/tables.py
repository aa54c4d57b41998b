"""Result tables of the job `segments`: rates are shares, money is in minor units, rows are in the order of keys."""

from typing import Final

import pyarrow as pa


def _required(*names: str, kind: pa.DataType) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, kind, nullable=False) for name in names)


SEGMENTS: Final = pa.schema(
    [
        *_required("segment", kind=pa.string()),
        *_required("users", "active", kind=pa.int64()),  # all; active within the inactivity limit
        *_required("share", kind=pa.float64()),  # of all users
        *_required("revenue", kind=pa.int64()),  # of the last 90 days, each user's at least 0
    ]
)
"""Segments by the served algorithm, over all users; those that nobody is in are absent."""

CENTRES: Final = pa.schema(
    [
        *_required("algorithm", kind=pa.string()),
        *_required("group", kind=pa.int64()),  # id that persists from run to run
        pa.field("segment", pa.string()),  # null where the algorithm does not serve
        *_required("users", kind=pa.int64()),
        *_required("feature", kind=pa.string()),
        *_required("centre", kind=pa.float64()),  # natural units, what the rules of the names look at
        *_required("scaled", kind=pa.float64()),  # standard deviations from the mean of the sample
    ]
)
"""Every group of every algorithm, feature by feature; `users` of all users."""

SCORES: Final = pa.schema(
    [
        *_required("algorithm", kind=pa.string()),
        *_required("k", "sample", kind=pa.int64()),
        *_required("silhouette", kind=pa.float64()),
        pa.field("bic", pa.float64()),  # of mixtures
        *_required("chosen", "served", kind=pa.bool_()),
    ]
)
"""How good each number of groups is on the sample."""

POINTS: Final = pa.schema(
    [
        *_required("kind", kind=pa.string()),  # user (of the sample; not named) or centre
        *_required("group", kind=pa.int64()),
        *_required("segment", kind=pa.string()),
        *_required("x", "y", kind=pa.float64()),
    ]
)
"""The picture: first two principal components of the scaled features."""

AXES: Final = pa.schema(
    [
        *_required("axis", kind=pa.string()),  # x or y
        *_required("explained", kind=pa.float64()),  # share of the variance
        *_required("feature", kind=pa.string()),
        *_required("loading", kind=pa.float64()),
    ]
)
"""What the axes of the picture are made of."""

NEXT_PERIOD: Final = pa.schema(
    [
        *_required("since", "until", kind=pa.date32()),  # until is exclusive: the as-of
        *_required("segment", kind=pa.string()),
        *_required("users", "known", "lost", kind=pa.int64()),  # all; who could be lost; who was
        pa.field("churn", pa.float64()),  # lost / known, null over none
        pa.field("low", pa.float64()),  # 95 %, Wilson
        pa.field("high", pa.float64()),
        *_required(
            "revenue", "revenue_before", kind=pa.int64()
        ),  # of the period, and of one as long before it
        *_required("revenue_a_user", kind=pa.float64()),
    ]
)
"""Users by the segment of the beginning of the period that is over: who of them was lost in it, what they paid."""

MOVEMENT: Final = pa.schema(
    [
        *_required("since", "until", kind=pa.date32()),  # as-ofs of the last run and of this one
        pa.field("from_segment", pa.string()),  # null: not there then
        pa.field("to_segment", pa.string()),  # null: not there any more
        *_required("users", kind=pa.int64()),
    ]
)
"""Who went where since the last run."""

TABLES: Final = {
    "segments": SEGMENTS,
    "centres": CENTRES,
    "scores": SCORES,
    "points": POINTS,
    "axes": AXES,
    "next_period": NEXT_PERIOD,
    "movement": MOVEMENT,
}
