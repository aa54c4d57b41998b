"""Tables of the job `engagement`, in long form. What is not ripe has no row, or is null where a row says more."""

from typing import Final

import pyarrow as pa

from batch_jobs.fields import counts, ratios, required

INACTIVITY: Final = "inactivity"
CANCELLATION: Final = "cancellation"


GRAIN: Final = required("grain", pa.string())
START: Final = required("start", pa.date32())  # first day of the day, week (Monday) or month
SLICE: Final = tuple(required(name, pa.string()) for name in ("dimension", "value", "second", "second_value"))
"""`all`, `all` for everybody; `second` and `second_value` are empty but for pairs."""

ACTIVITY: Final = pa.schema(
    [
        required("day", pa.date32()),
        *SLICE,
        *counts("dau"),
        pa.field("wau", pa.int64()),  # null until the log has seven days
        pa.field("mau", pa.int64()),  # null until the log has thirty
        pa.field("stickiness", pa.float64()),  # dau / mau
        *counts("sessions", "session_ms", "pages", "converted"),
        # of the users active on the day; null where nobody was
        *(pa.field(name, pa.float64()) for name in ("sessions_per_user", "minutes_per_user", "conversion")),
    ]
)
"""`activity`: distinct users on a day and in the 7 and 30 days that end with it."""

LIFECYCLE: Final = pa.schema(
    [
        GRAIN,
        START,
        *SLICE,
        *counts("active", "new", "kept", "resurrected", "dormant"),
        pa.field("quick_ratio", pa.float64()),  # (new + resurrected) / dormant
    ]
)
"""`lifecycle`: growth accounting. active = new + kept + resurrected."""

FEATURES: Final = pa.schema(
    [
        GRAIN,  # week, month, or last_30_days
        START,
        *counts("rank"),
        required("feature", pa.string()),
        pa.field("category", pa.string()),
        *counts("users", "uses", "active"),
        *ratios("adoption"),  # users / active
    ]
)
"""`features`: most used features of a period."""

CONVERSION: Final = pa.schema([GRAIN, START, *counts("active", "converted"), *ratios("conversion")])
"""`conversion`: of the users active in a week or month, those with a conversion on a day of activity."""

FUNNEL: Final = pa.schema(
    [GRAIN, required("cohort", pa.date32()), *SLICE, *counts("users", "active", "trials", "paid")]
)
"""`funnel`: of a cohort of origin, how many have ever been active, begun a trial, paid after it or without one."""

TRIALS: Final = pa.schema(
    [
        GRAIN,
        required("cohort", pa.date32()),
        *SLICE,
        *counts("trials", "paid"),
        *(pa.field(f"paid_{days}", pa.int64()) for days in (7, 14, 30)),  # null until all have had these days
    ]
)
"""`trials`: of those who began a trial, how many have paid, ever and within so many days."""

CHURN: Final = pa.schema(
    [
        required("at", pa.date32()),  # midnight, exclusive
        required("definition", pa.string()),  # inactivity or cancellation
        *SLICE,
        *counts("users", "lost"),
        *ratios("rate", "low", "high"),
    ]
)
"""`churn`: churn rate with Wilson's 95 % interval, at the as-of and on the Mondays before."""

VALUES: Final = pa.schema(
    [required("dimension", pa.string()), *counts("rank"), required("value", pa.string())]
)
"""`values`: what is told apart, by frequency; the rest is `other`."""

TABLES: Final = {
    "activity": ACTIVITY,
    "lifecycle": LIFECYCLE,
    "features": FEATURES,
    "conversion": CONVERSION,
    "funnel": FUNNEL,
    "trials": TRIALS,
    "churn": CHURN,
    "values": VALUES,
}
