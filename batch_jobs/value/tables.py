"""Result tables of the job `value`: money is in minor units, months are YYYY-MM, rows are in the order of keys."""

from typing import Final

import pyarrow as pa

from batch_jobs.fields import counts


def _text(*names: str) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, pa.string(), nullable=False) for name in names)


def _numbers(*names: str) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, pa.float64(), nullable=False) for name in names)


def _perhaps(*names: str) -> tuple[pa.Field, ...]:
    return tuple(pa.field(name, pa.float64()) for name in names)


ARPU: Final = pa.schema(
    [
        *_text("grouping", "group", "month"),
        *counts(
            "revenue", "active", "paying"
        ),  # users active in the month; with an order or renewal of money
        *_perhaps("arpu", "arppu"),  # revenue / active; revenue / paying
    ]
)
"""Average revenue by calendar month that is complete."""

LTV: Final = pa.schema(
    [
        *_text("grouping", "group"),
        *counts("months", "members", "followed"),  # months of 30 days since the origin
        *_numbers("margin", "plain", "value", "low", "high"),  # `batch_jobs.value.lifetime.Lifetime`
        pa.field("extrapolated", pa.bool_(), nullable=False),
    ]
)
"""Cumulative margin per original member."""

DECILES: Final = pa.schema([*counts("decile", "users", "least", "most", "revenue"), *_perhaps("share")])
"""Customers by tenths of spend, the least first."""

REVENUE_AT_RISK: Final = pa.schema(
    [
        *_text("grouping", "group"),
        *counts("users", "known"),  # at risk; of them with a probability
        *_numbers("value"),  # plain sum of the expected spend over the horizon, of the known
        *_numbers("value_unknown"),  # the same of the others
        *_numbers("at_risk"),  # Σ probability · value
        *_numbers("recoverable"),  # at_risk · chance of saving
        *counts("worth_contacting"),  # users whose recoverable money exceeds the cost of a contact
        *_numbers("gain"),  # of contacting these: recoverable less the cost
    ]
)
"""Users at risk, and their money over the horizon."""

TIERS: Final = pa.schema([*_text("grouping", "group", "tier"), *counts("users")])
"""Users at risk whose probability is known."""

TIER_MOVES: Final = pa.schema(
    [*_text("tier_before", "tier"), *counts("users"), *_numbers("value", "at_risk")]
)
"""Users at risk by the tiers of two weeks."""

HISTORY: Final = pa.schema([*_text("series", "month"), *_numbers("value")])
"""Revenue and active users by complete month."""

FORECAST: Final = pa.schema(
    [
        *_text("series"),
        *counts("horizon", "step"),  # step 0 is the sum of all
        pa.field("month", pa.string()),
        *_numbers("value", "low_80", "high_80", "low_95", "high_95"),
    ]
)
"""What is to come, where the history is twice as long."""

BACKTEST: Final = pa.schema(
    [
        *_text("series"),
        *counts("horizon"),
        *_text("method"),
        *counts("months", "origins"),
        *_numbers("error", "naive_error"),  # mean absolute errors
        *_perhaps("covered_80"),  # share of the months within the interval as it was to be had then
    ]
)
"""How the way of forecasting that was taken has done from every month of the past."""

TRIALS: Final = pa.schema(
    [
        *counts("landmark", "learned", "tested"),
        *_numbers("auc", "brier", "brier_of_rate", "log_loss", "predicted", "observed"),
        *counts("open"),
        *_numbers("expected"),  # payments of the open ones
    ]
)
"""How well trials are told apart by their first days, and what the open ones will bring."""

CALIBRATION: Final = pa.schema([*counts("landmark", "bin", "trials"), *_numbers("predicted", "observed")])
"""What was said of trials against what happened."""

WEIGHTS: Final = pa.schema([*counts("landmark"), *_text("feature"), *_numbers("weight")])
"""Log-odds of paying for each unit of ln(1 + x)."""

REASONS: Final = pa.schema(_text("table", "reason"))
"""Why a table has no rows, or rests on less than it should: `revenue_at_risk` on the ledger."""

TABLES: Final = {
    "arpu": ARPU,
    "ltv": LTV,
    "deciles": DECILES,
    "revenue_at_risk": REVENUE_AT_RISK,
    "tiers": TIERS,
    "tier_moves": TIER_MOVES,
    "history": HISTORY,
    "forecast": FORECAST,
    "backtest": BACKTEST,
    "trials": TRIALS,
    "calibration": CALIBRATION,
    "weights": WEIGHTS,
    "reasons": REASONS,
}

KEPT_OF: Final = "kept_of"
"""Name of the table that tells the next run which folder is this one's."""

OF: Final = pa.schema(_text("as_of"))
"""Day of the as-of."""
