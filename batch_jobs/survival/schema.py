"""Tables of the job `survival`, in long form. What cannot be said yet is null, never zero.

Every table names a `view`: `passage` (the churn time), `onset` (losses dated at the last session before them), or
`landmark_7` and the like. `group_kind` is `all`, or what the users are grouped by; values that are none are
`unknown`, those beyond the most frequent `other`.
"""

from typing import Final

import pyarrow as pa

from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.survival.covariates import LANDMARK


def _text(*names: str) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, pa.string(), nullable=False) for name in names)


def _whole(*names: str) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, pa.int64(), nullable=False) for name in names)


def _maybe_whole(*names: str) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, pa.int64()) for name in names)


def _maybe(*names: str) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, pa.float64()) for name in names)


_GROUP: Final = _text("view", "group_kind", "group")
_SMALL: Final = pa.field(
    "small", pa.bool_(), nullable=False
)  # fewer users than are asked for: read with care

CURVES: Final = pa.schema(
    [
        *_GROUP,
        *_whole("day"),
        *_maybe("survival", "lower", "upper"),  # share not lost by the end of the day
        *_whole("at_risk", "events", "censored"),  # at risk before the day's losses
        _SMALL,
    ]
)
"""Kaplan-Meier, on one grid of days for all groups; null from where nobody is followed any more."""

MEDIANS: Final = pa.schema(
    [*_GROUP, *_whole("users", "events", "censored"), _SMALL, *_maybe_whole("median", "lower", "upper")]
)
"""Days until half are lost; null where it has not come to that, or a limit is not reached."""

MILESTONES: Final = pa.schema(
    [*_GROUP, *_whole("day"), *_maybe("survival", "lower", "upper"), *_whole("at_risk"), _SMALL]
)

RESTRICTED_MEAN: Final = pa.schema([*_GROUP, *_whole("horizon"), *_maybe("days", "lower", "upper"), _SMALL])
"""Mean days kept within the first `horizon` days: the area under the curve."""

HAZARD: Final = pa.schema(
    [
        *_GROUP,
        *_whole("month", "from_day", "to_day"),  # 30 days each, both days belong to it
        *_whole("at_risk", "events"),  # at risk on the first day
        *_maybe("rate", "rate_lower", "rate_upper"),  # losses in 30 days, of one who stays at risk
        *_maybe("cumulative", "cumulative_lower", "cumulative_upper"),  # Nelson-Aalen, at the end of `to_day`
        _SMALL,
    ]
)
"""Only months that were followed to their end."""

LOGRANK: Final = pa.schema(
    [
        *_text(
            "view", "group_kind", "group_a", "group_b"
        ),  # `all` against `all` is the test of all groups at once
        *_maybe("statistic"),
        *_whole("degrees"),
        *_maybe("p", "p_holm"),  # by Holm over the pairs of one view and kind
    ]
)

COX: Final = pa.schema(
    [
        *_text("view", "covariate", "level", "reference"),
        *_whole("users", "events"),  # of the level
        *_maybe("hazard_ratio", "lower", "upper", "p"),
        *_maybe("proportional_statistic", "proportional_p"),  # Schoenfeld residuals against time
        pa.field("note", pa.string()),  # why there are no figures
    ]
)
"""Cox: hazard of the level as a multiple of the reference's, all covariates of the view together."""

RETURNS: Final = pa.schema(
    [
        *_text("group_kind", "group"),
        *_whole("lost", "returned"),
        *_maybe("share", "lower", "upper"),  # Wilson
        *_maybe_whole("median_days"),  # of those who came back
        _SMALL,
    ]
)

RETURN_MILESTONES: Final = pa.schema(
    [*_text("group_kind", "group"), *_whole("day"), *_maybe("share", "lower", "upper"), *_whole("at_risk")]
)
"""Share of the lost who are back so many days after their loss, by Kaplan-Meier: the as-of censors."""

POPULATION: Final = pa.schema([*_text("view", "status"), *_whole("users")])
"""Who is in a view, and who is not and why: every user of the star once in each view."""

_CELLS: Final = _whole("users")
_LIFE: Final = (
    *_whole("entry"),
    pa.field("before", pa.bool_(), nullable=False),
    pa.field("event", pa.bool_(), nullable=False),
    *_whole("since"),
)

KEPT: Final = {
    "kept_lives": pa.schema(
        [
            *_text(*DIMENSIONS),
            *_LIFE,
            pa.field("silent", pa.bool_(), nullable=False),
            *_whole("silent_since", "silent_on"),
            *_CELLS,
        ]
    ),
    "kept_absences": pa.schema(
        [*_text(*DIMENSIONS), pa.field("returned", pa.bool_(), nullable=False), *_whole("away"), *_CELLS]
    ),
    "kept_landmarks": pa.schema([*_whole("landmark"), *_text("plan"), *_whole(*LANDMARK), *_LIFE, *_CELLS]),
    "kept_star": pa.schema(_text("mark")),
}
"""What the next run goes on from: users by state (`batch_jobs.survival.states`), and of which star they are."""

TABLES: Final = {
    "curves": CURVES,
    "medians": MEDIANS,
    "milestones": MILESTONES,
    "restricted_mean": RESTRICTED_MEAN,
    "hazard": HAZARD,
    "logrank": LOGRANK,
    "cox": COX,
    "returns": RETURNS,
    "return_milestones": RETURN_MILESTONES,
    "population": POPULATION,
    **KEPT,
}
