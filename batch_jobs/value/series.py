"""Monthly series of the whole product, and their forecasts."""

from typing import Any, Final

import numpy as np

from batch_jobs.star.star import Star
from batch_jobs.value.forecast import HORIZONS, SHARES, forecast
from batch_jobs.value.groups import Cells
from batch_jobs.value.methods import Series
from batch_jobs.value.people import month_text

Rows = list[dict[str, Any]]
_Step = tuple[int, str | None, float, dict[float, float]]
SERIES: Final = {"revenue": "net", "active_users": "active"}


def monthly(star: Star, sums: Cells) -> tuple[int, dict[str, Series]]:
    """Number of the first complete month, and by series a value for each complete month from it on."""
    if star.begins is None:
        return 0, {name: np.zeros(0) for name in SERIES}
    begins = star.begins
    first = begins.year * 12 + begins.month - 1
    if begins.day > 1:  # the first days of the month are not there
        first += 1
    last = star.as_of.year * 12 + star.as_of.month - 1
    found = {name: np.zeros(max(last - first, 0)) for name in SERIES}
    months = sums.months.groupby("month")[list(SERIES.values())].sum()
    for month, row in months[months.index >= first].iterrows():
        for name, column in SERIES.items():
            found[name][int(str(month)) - first] = row[column]
    return first, found


def history(first: int, series: dict[str, Series]) -> Rows:
    """The months that are known."""
    return [
        {"series": name, "month": month_text(first + step), "value": float(value)}
        for name, values in series.items()
        for step, value in enumerate(values)
    ]


def forecasts(first: int, series: dict[str, Series]) -> tuple[Rows, Rows]:
    """Months to come, with a row of step 0 for their sum; and how good the way that was taken has been."""
    rows: Rows = []
    trials: Rows = []
    for name, known in series.items():
        for horizon in HORIZONS:
            found = forecast(known, horizon)
            if found is None:
                continue
            steps: list[_Step] = [(0, None, found.total, found.total_half_widths)]
            for step, value in enumerate(found.values.tolist()):
                month = month_text(first + len(known) + step)
                steps.append((step + 1, month, value, {s: found.half_widths[s][step] for s in SHARES}))
            for number, when, value, halves in steps:
                bounds = {
                    f"{side}_{round(share * 100)}": float(value + sign * halves[share])
                    for share in SHARES
                    for side, sign in (("low", -1), ("high", 1))
                }
                said = {"value": value, **bounds}
                if known.min() >= 0:  # users, or money that never fell below none
                    said = {key: max(amount, 0.0) for key, amount in said.items()}
                rows.append({"series": name, "horizon": horizon, "step": number, "month": when, **said})
            trials.append(
                {
                    "series": name,
                    "horizon": horizon,
                    "method": found.method,
                    "months": len(known),
                    "origins": found.origins,
                    "error": found.error,
                    "naive_error": found.naive_error,
                    "covered_80": found.covered,
                }
            )
    return rows, trials
