"""Result tables. Shares, probabilities and differences lie in 0 to 1, money is in minor units a user."""

from typing import Final

import pyarrow as pa


def _required(*names: str, kind: pa.DataType | None = None) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, kind or pa.string(), nullable=False) for name in names)


def _counts(*names: str) -> tuple[pa.Field, ...]:
    return _required(*names, kind=pa.int64())


def _numbers(*names: str) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, pa.float64()) for name in names)


EXPERIMENTS: Final = pa.schema(
    [
        *_required("experiment", "status", "reason"),
        pa.field("control", pa.string()),
        *_counts("variants", "assigned", "matured", "crossed", "promoted"),
        pa.field("first_day", pa.date32()),
        pa.field("last_day", pa.date32()),
        *_numbers("ratio_p"),
        pa.field("ratio_ok", pa.bool_()),
        pa.field("ratio_of", pa.string()),
    ]
)
"""`experiments`: one row an experiment, and one for promotions that belong to none. `status` is `compared`,
`no control`, `one variant`, `no assignment` or `too few`, and `reason` says it in words. `crossed`: users who were
assigned to more than one variant, kept under the first. `promoted`: promotions that name the experiment.
`ratio_of`: `planned`, or `equal shares`, which nobody has said."""

ARMS: Final = pa.schema(
    [
        *_required("experiment", "variant"),
        *_counts("assigned", "crossed", "matured"),
        *_numbers("planned_share", "share"),
        pa.field("treated", pa.int64()),
        pa.field("retained", pa.int64()),
        *_numbers("retention", "retention_low", "retention_high", "revenue", "survival", "survival_low"),
        *_numbers("survival_high", "restricted_days"),
    ]
)
"""`experiment_arms`: one row a variant. `treated`: matured users who got a promotion within the follow-up."""

EFFECTS: Final = pa.schema(
    [
        *_required("experiment", "variant", "control", "metric", "adjustment"),
        *_counts("users", "users_control"),
        *_numbers("value", "value_control", "difference", "low", "high"),
        *_numbers("anytime_low", "anytime_high", "anytime_p", "variance_saved"),
        pa.field("decided_on", pa.date32()),
    ]
)
"""`experiment_effects`: variant less control. `metric`: `retention`, `revenue`, `survival`, `restricted_days`;
`adjustment`: `none` or `cuped`. `low` and `high` hold 95 % for one look, `anytime_*` however often one looks (only
of means). `variance_saved`: share that CUPED takes away. `decided_on`: first day on which `anytime_p` was at most
5 %."""

SEGMENTS: Final = pa.schema(
    [
        *_required("experiment", "variant", "control", "dimension", "value"),
        *_counts("users", "users_control"),
        *_numbers("retention", "retention_control", "difference", "low", "high", "p", "p_holm"),
    ]
)
"""`experiment_segments`: effect on retention, with CUPED, by what was known before the assignment. `p` is
anytime-valid, `p_holm` holds for all segments of the experiment together; both null where users are too few."""

LOOKS: Final = pa.schema(
    [
        *_required("experiment", "variant", "control", "metric"),
        *_required("day", kind=pa.date32()),
        *_counts("users", "users_control"),
        *_numbers("difference", "anytime_low", "anytime_high", "anytime_p"),
    ]
)
"""`experiment_looks`: what a look on each day, as an as-of, has shown, with CUPED; only days that bring users."""

TABLES: Final = {
    "experiments": EXPERIMENTS,
    "experiment_arms": ARMS,
    "experiment_effects": EFFECTS,
    "experiment_segments": SEGMENTS,
    "experiment_looks": LOOKS,
}
