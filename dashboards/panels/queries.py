"""Queries of panels: over time, of now, and of now as a table."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from grafana_foundation_sdk.builders import prometheus as builders
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${ds}")
"""The board's variable: whoever opens it may choose."""

Form = Literal["range", "instant", "table", "heatmap", "buckets"]


class Query(NamedTuple):
    """One target."""

    expression: str
    legend: str = ""
    form: Form = "range"
    """`table` and `buckets` (of a histogram, made into a distribution) are of now."""


def targets(queries: Sequence[Query]) -> list[builders.Dataquery]:
    """Named A, B and so on in their order."""
    return [_target(query, chr(ord("A") + place)) for place, query in enumerate(queries)]


def _target(query: Query, name: str) -> builders.Dataquery:
    made = (
        builders.Dataquery()
        .ref_id(name)
        .datasource(SOURCE)
        .editor_mode(QueryEditorMode.CODE)
        .expr(query.expression)
        .format(_FORMATS[query.form])
    )
    if query.legend:
        made.legend_format(query.legend)
    return made.range() if query.form in ("range", "heatmap") else made.instant()


_FORMATS: Final = {
    "range": PromQueryFormat.TIME_SERIES,
    "instant": PromQueryFormat.TIME_SERIES,
    "table": PromQueryFormat.TABLE,
    "heatmap": PromQueryFormat.HEATMAP,
    "buckets": PromQueryFormat.HEATMAP,
}
