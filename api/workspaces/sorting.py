"""In which order customers are shown."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Sort = Literal["value", "risk", "changed"]


def sorted_rows(table: Any, sort: Sort) -> npt.NDArray[np.int64]:
    """Rows in order: the most money at risk first, which is the table's own order; the greatest risk first; or whose
    risk has risen most since a week before. Who has none of it comes last; ties are in the table's order.

    Args:
        table: `advisor.training.customers.SCHEMA`.
    """
    if sort == "value":
        return np.arange(table.num_rows)
    now, then = (table[name].to_numpy() for name in ("probability", "probability_week_ago"))
    by = now if sort == "risk" else now - then
    return np.argsort(np.where(np.isnan(by), np.inf, -by), kind="stable")
