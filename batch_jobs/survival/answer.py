"""Curves as the command and the API answer them."""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

_COLUMNS: Final = ("day", "survival", "lower", "upper", "at_risk")


def answer(tables: Mapping[str, pa.Table], kind: str | None = None, view: str = "passage") -> dict[str, Any]:
    """`curves` by group: overall under `all`, beside it the groups of one kind if one is named.

    Args:
        tables: of the job `survival`.
        kind: what to group by, as in `group_kind`.

    Returns:
        `{"curves": {group: [{"day", "survival", "lower", "upper", "at_risk"}, ...]}}`, days rising, with null
        where a group is not followed any more.
    """
    curves = tables["curves"]
    own = curves.filter(pc.equal(curves["view"], view))
    wanted: dict[str, pa.Table] = {"all": own.filter(pc.equal(own["group_kind"], "all"))}
    if kind is not None:
        grouped = own.filter(pc.equal(own["group_kind"], kind))
        for name in pc.unique(grouped["group"]).to_pylist():
            wanted[name] = grouped.filter(pc.equal(grouped["group"], name))
    return {"curves": {name: rows.select(_COLUMNS).to_pylist() for name, rows in wanted.items()}}
