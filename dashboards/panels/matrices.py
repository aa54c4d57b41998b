"""Tables with a row for one label and a column for another: one query of now, as a table, that is turned.

Several frames would be ignored, so figures of another metric join the same query by ``or``.
"""

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.builders.common import TableFooterOptions
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.common import (
    FieldTextAlignment,
    TableAutoCellOptions,
    TableCellBackgroundDisplayMode,
    TableCellHeight,
    TableColoredBackgroundCellOptions,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    DataTransformerConfig,
    FieldColorModeId,
    Panel,
    SpecialValueMap,
    SpecialValueMatch,
    ValueMappingResult,
)

from dashboards.panels.built import coloured, finished, setting, steps, transformed
from dashboards.panels.queries import Query
from dashboards.panels.told import Told

RETENTION: Final = (
    (None, "transparent"), (0, "dark-red"), (0.2, "dark-orange"), (0.3, "semi-dark-yellow"),
    (0.45, "semi-dark-green"), (0.6, "dark-green"),
)  # fmt: skip
"""Shares that should be high."""


def turned(row: str, column: str, shown: str) -> list[DataTransformerConfig]:
    """Rows of a label and columns of another, both in the order of their texts.

    What is not there is null; the default, an empty text, would be painted.

    Args:
        shown: heading of the first column.
    """
    return [
        transformed("sortBy", fields={}, sort=[{"field": row}]),
        transformed("sortBy", fields={}, sort=[{"field": column}]),
        matrix(row, column),
        renamed(row, column, shown),
    ]


def matrix(row: str, column: str) -> DataTransformerConfig:
    """The turn itself."""
    return transformed(
        "groupingToMatrix", columnField=column, rowField=row, valueField="Value", emptyValue="null"
    )


def renamed(row: str, column: str, shown: str) -> DataTransformerConfig:
    """The first column of a matrix gets a name that people read."""
    return transformed("organize", renameByName={f"{row}\\{column}": shown}, excludeByName={}, indexByName={})


def numbers(label: str) -> DataTransformerConfig:
    """Texts of a label become numbers, which are sorted as such."""
    return transformed(
        "convertFieldType", fields={}, conversions=[{"targetField": label, "destinationType": "number"}]
    )


def cohorts(told: Told, query: Query, *, row: str, column: str, height: int = 15) -> Panel:
    """Shares painted by their height, a row a cohort; the column `Size`, which sorts first, is not painted."""
    made = (
        _table("percentunit")
        .decimals(0)
        .min_width(50)
        .align(FieldTextAlignment.CENTER)
        .cell_options(TableColoredBackgroundCellOptions(mode=TableCellBackgroundDisplayMode.BASIC))
        .color_scheme(coloured(FieldColorModeId.THRESHOLDS))
        .thresholds(steps(*RETENTION))
        .mappings([nothing()])
        .transformations(turned(row, column, "Cohort"))
    )
    for name in ("Cohort", "Size"):
        made.override_by_name(
            name,
            [
                setting("custom.cellOptions", {"type": "auto"}),
                setting("unit", "none"),
                setting("color", {"mode": "fixed", "fixedColor": "text"}),
            ],
        )
    return finished(made, told, "percentunit", [query], width=24, height=height)


def grid(
    told: Told,
    unit: str,
    query: Query,
    *,
    row: str,
    column: str,
    shown: str,
    width: int = 12,
    height: int = 8,
    decimals: int = 0,
    bounds: Sequence[tuple[float | None, str]] = (),
    first: Sequence[str] = (),
    numeric: bool = False,
) -> Panel:
    """Plain figures, or painted ones where `bounds` says so.

    Args:
        first: columns in their order, where that of texts is not theirs.
        numeric: whether the columns are numbers.
    """
    made = _table(unit).decimals(decimals).min_width(60).mappings([nothing()])
    made.transformations([*([numbers(column)] if numeric else []), *turned(row, column, shown)])
    if first:
        order = {name: place for place, name in enumerate((shown, *first))}
        made.with_transformation(
            transformed("organize", renameByName={}, excludeByName={}, indexByName=order)
        )
    painted: ThresholdsConfig = steps(*bounds) if bounds else steps((None, "text"))
    made.thresholds(painted).color_scheme(coloured(FieldColorModeId.THRESHOLDS))
    if bounds:
        made.cell_options(TableColoredBackgroundCellOptions(mode=TableCellBackgroundDisplayMode.BASIC))
    made.override_by_name(
        shown,
        [
            setting("custom.cellOptions", {"type": "auto"}),
            setting("unit", "none"),
            setting("custom.minWidth", 120),
        ],
    )
    return finished(made, told, unit, [query], width=width, height=height)


def nothing() -> SpecialValueMap:
    """A cell without a figure shows nothing and has no colour."""
    result = ValueMappingResult(text=" ", color="transparent", index=0)
    return SpecialValueMap(DashboardSpecialValueMapOptions(SpecialValueMatch.NULL_AND_NAN, result))


def _table(unit: str) -> table.Panel:
    return (
        table.Panel()
        .unit(unit)
        .show_header(True)
        .cell_height(TableCellHeight.SM)
        .cell_options(TableAutoCellOptions())
        .footer(TableFooterOptions().show(False).reducer(["sum"]).count_rows(False))
    )
