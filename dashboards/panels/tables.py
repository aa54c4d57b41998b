"""Tables with a row a series: labels, and one figure for each query."""

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.builders.common import TableFooterOptions
from grafana_foundation_sdk.models.common import TableAutoCellOptions, TableCellHeight
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, FieldColorModeId, Panel

from dashboards.panels.built import coloured, finished, setting, steps, transformed
from dashboards.panels.queries import Query
from dashboards.panels.told import Told


def ranked(
    told: Told,
    unit: str,
    query: Query,
    *,
    columns: Mapping[str, str],
    figure: str,
    width: int = 12,
    height: int = 8,
    bounds: Sequence[tuple[float | None, str]] = ((None, "blue"),),
    decimals: int | None = None,
) -> Panel:
    """Series of one query, the greatest first, with a bar behind the figure.

    Args:
        columns: headings by label, in their order; other labels are dropped by the query.
        figure: heading of the figure.
    """
    made = (
        _table()
        .min(0)
        .transformations([_organized({**columns, "Value": figure}), _greatest(figure)])
        .thresholds(steps(*bounds))
        .color_scheme(coloured(FieldColorModeId.THRESHOLDS))
        .override_by_name(
            figure, [setting("custom.cellOptions", {"type": "gauge", "mode": "gradient"})]
        )
    )  # fmt: skip
    if decimals is not None:
        made.decimals(decimals)
    return finished(made, told, unit, [query], width=width, height=height)


def beside(
    told: Told,
    unit: str,
    queries: Sequence[Query],
    *,
    columns: Mapping[str, str],
    figures: Sequence[tuple[str, str]],
    width: int = 12,
    height: int = 8,
    sort: str = "",
    bars: Sequence[str] = (),
) -> Panel:
    """Several figures of the same labels, a column a query.

    Args:
        columns: headings by label, in their order.
        figures: heading and unit of each query's figure, in the order of the queries.
        sort: heading of the column whose greatest comes first.
        bars: headings of columns that have a bar behind the figure.
    """
    names = {f"Value #{chr(ord('A') + place)}": heading for place, (heading, _) in enumerate(figures)}
    made = (
        _table()
        .transformations([transformed("merge"), _organized({**columns, **names})])
        .thresholds(steps((None, "blue")))
        .color_scheme(coloured(FieldColorModeId.THRESHOLDS))
    )
    if sort:
        made.with_transformation(_greatest(sort))
    for heading, own in figures:
        found = [setting("unit", own)]
        if heading in bars:
            found += [setting("custom.cellOptions", {"type": "gauge", "mode": "gradient"}), setting("min", 0)]
        made.override_by_name(heading, found)
    return finished(made, told, unit, queries, width=width, height=height)


def _table() -> table.Panel:
    return (
        table.Panel()
        .show_header(True)
        .cell_height(TableCellHeight.SM)
        .cell_options(TableAutoCellOptions())
        .footer(TableFooterOptions().show(False).reducer(["sum"]).count_rows(False))
    )


def _organized(names: Mapping[str, str]) -> DataTransformerConfig:
    order = {name: place for place, name in enumerate(names)}
    return transformed("organize", renameByName=dict(names), excludeByName={"Time": True}, indexByName=order)


def _greatest(heading: str) -> DataTransformerConfig:
    return transformed("sortBy", fields={}, sort=[{"field": heading, "desc": True}])
