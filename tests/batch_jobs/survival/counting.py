"""Weighted counts from one row a user."""

from typing import Any

import numpy as np
import pandas as pd


def counts_of(duration: Any, event: Any, entry: Any = 0, **groups: Any) -> pd.DataFrame:
    """Users by groups, entry, duration and event."""
    columns = {name: np.asarray(values) for name, values in groups.items()}
    outcome = {"duration": np.asarray(duration), "event": np.asarray(event), "entry": entry, "users": 1}
    keys = [*columns, "entry", "duration", "event"]
    return pd.DataFrame({**columns, **outcome}).groupby(keys, as_index=False).agg({"users": "sum"})
