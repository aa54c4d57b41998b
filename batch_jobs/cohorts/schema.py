"""Tables of the job `retention`, in long form. A cell that is not ripe has no row: zero means that nobody came."""

from typing import Final

import pyarrow as pa

from batch_jobs.fields import counts, ratios, required

CLASSIC: Final = "classic"
UNBOUNDED: Final = "unbounded"


GRAIN: Final = required("grain", pa.string())  # day, week or month
SLICE: Final = tuple(required(name, pa.string()) for name in ("dimension", "value", "second", "second_value"))
"""`all`, `all` for everybody; `second` and `second_value` are empty but for pairs."""
COHORT: Final = required("cohort", pa.date32())  # first day of the day, week (Monday) or month of origin
KIND: Final = required("kind", pa.string())  # classic or unbounded
PERIOD: Final = required("period", pa.int64())

COHORTS: Final = pa.schema([GRAIN, *SLICE, COHORT, required("newest", pa.date32()), *counts("size")])
"""`cohorts`: members. `newest` is the latest day of origin of anybody in the cohort."""

RETENTION: Final = pa.schema(
    [GRAIN, KIND, *SLICE, COHORT, PERIOD, *counts("size", "retained"), *ratios("ratio")]
)
"""`retention`: of the members of a cohort, how many were active in a period, or in it or later."""

RETENTION_CURVE: Final = pa.schema(
    [GRAIN, KIND, *SLICE, PERIOD, *counts("cohorts", "size", "retained"), *ratios("ratio")]
)
"""`retention_curve`: sums over the cohorts in `retention` that are old enough, so `ratio` is weighted by size."""

_MONEY: Final = ("payers", "base", "paying", "revenue", "kept")
MONEY: Final = pa.schema([GRAIN, *SLICE, COHORT, PERIOD, *counts(*_MONEY), *ratios("net", "gross")])
"""`money_retention`: see `batch_jobs.cohorts.money`. Minor units; cohorts without payers have no rows."""

MONEY_CURVE: Final = pa.schema([GRAIN, *SLICE, PERIOD, *counts("cohorts", *_MONEY), *ratios("net", "gross")])
"""`money_curve`: sums over the cohorts in `money_retention` that are old enough."""

MEMBERS: Final = pa.schema([required("kind", pa.string()), *counts("users")])
"""`members`: users who signed up, were first seen later on, or are prevalent and in no cohort."""

VALUES: Final = pa.schema(
    [required("dimension", pa.string()), *counts("rank"), required("value", pa.string())]
)
"""`values`: what is told apart, by frequency; the rest is `other`."""

TABLES: Final = {
    "cohorts": COHORTS,
    "retention": RETENTION,
    "retention_curve": RETENTION_CURVE,
    "money_retention": MONEY,
    "money_curve": MONEY_CURVE,
    "members": MEMBERS,
    "values": VALUES,
}
