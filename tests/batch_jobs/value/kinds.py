"""Monthly series of many kinds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from batch_jobs.value.methods import Series

Random = np.random.Generator


def months(count: int) -> Series:
    return np.arange(count, dtype=np.float64)


def _reverting(count: int, chance: Random) -> Series:
    values = np.zeros(count)
    for month in range(1, count):
        values[month] = values[month - 1] / 2 + chance.normal(0, 60)
    return 1_000 + values


KINDS: dict[str, Callable[[int, Random], Series]] = {
    "walk": lambda n, r: 1_000 + np.cumsum(r.normal(0, 30, n)),
    "drift": lambda n, r: 1_000 + np.cumsum(r.normal(20, 30, n)),
    "reverting": _reverting,
    "noise": lambda n, r: 1_000 + r.normal(0, 80, n),
    "trend": lambda n, r: 500 + 25 * months(n) + r.normal(0, 60, n),
    "growth": lambda n, r: 200 * np.exp(0.05 * months(n) + np.cumsum(r.normal(0, 0.05, n))),
    "season": lambda n, r: (
        (1_000 + 10 * months(n)) * (1 + 0.2 * np.sin(2 * np.pi * (months(n) + r.integers(12)) / 12))
        + r.normal(0, 40, n)
    ),
    "counts": lambda n, r: r.poisson(30 * np.exp(0.02 * months(n))).astype(float),
}


def of_retailer(path: Path, column: str, most: int) -> list[Series]:
    """Monthly sales of the largest groups of the retailer's file: twelve complete months each.

    Args:
        column: `StockCode` (products) or `Country`.
    """
    names = [column, "Quantity", "UnitPrice", "InvoiceDate"]
    frame = pd.read_csv(path, usecols=names)
    frame["sales"] = frame["Quantity"] * frame["UnitPrice"]
    frame["month"] = frame["InvoiceDate"].str[:7]
    sold = frame[frame["sales"] > 0]
    table = sold.pivot_table(index=column, columns="month", values="sales", aggfunc="sum", fill_value=0.0)
    largest = table.sum(axis=1).sort_values(ascending=False).index[:most]
    return list(table.loc[largest].to_numpy()[:, :-1])  # December 2011 is not complete
