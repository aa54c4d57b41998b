"""What panels of all kinds have in common."""

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import bargauge, heatmap, stat, table, timeseries, trend
from grafana_foundation_sdk.builders.common import VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import (
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Panel,
    Threshold,
    ThresholdsMode,
)

from dashboards.panels.links import link
from dashboards.panels.queries import SOURCE, Query, targets
from dashboards.panels.told import Told

GRAFANA: Final = "11.6.2"
"""The version that has drawn these panels; without one a panel may be taken for an old one and migrated."""

AnyPanel = bargauge.Panel | heatmap.Panel | stat.Panel | table.Panel | timeseries.Panel | trend.Panel


class Ready(Builder[Panel]):
    """A panel that is built, as the board's builder wants it."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def build(self) -> Panel:
        """The panel."""
        return self._panel


class Nothing(DynamicConfigValue):
    """An override that takes a setting away: the SDK leaves out what is null."""

    def to_json(self) -> dict[str, object]:
        """With the null."""
        return {"id": self.id_val, "value": None}


def finished(
    made: AnyPanel, told: Told, unit: str, queries: Sequence[Query], *, width: int, height: int
) -> Panel:
    """With its texts, link, source, queries and size.

    Args:
        unit: Grafana's id of it; `none` for plain numbers.
        width: of 24 columns.
        height: of rows of 30 pixels.
    """
    made.title(told.title).description(told.description).links([link(told.more)])
    made.datasource(SOURCE).targets(list(targets(queries))).unit(unit).span(width).height(height)
    if told.empty:
        made.no_value("none, as usual")
    panel = made.build()
    panel.plugin_version = GRAFANA
    return panel


def steps(*bounds: tuple[float | None, str]) -> ThresholdsConfig:
    """Colours from values on; the first value is None. Colours are Grafana's names, which fit dark and light."""
    found = [Threshold(value=value, color=colour) for value, colour in bounds]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)


def coloured(mode: FieldColorModeId, fixed: str = "") -> FieldColor:
    """How colours are found."""
    colour = FieldColor().mode(mode)
    return colour.fixed_color(fixed) if fixed else colour


def legend(*, right: bool = False, shown: bool = True, values: Sequence[str] = ()) -> VizLegendOptions:
    """Below or to the right; `values` are calculations such as ``lastNotNull``, which make it a table."""
    return (
        VizLegendOptions()
        .show_legend(shown)
        .display_mode(LegendDisplayMode.TABLE if values else LegendDisplayMode.LIST)
        .placement(LegendPlacement.RIGHT if right else LegendPlacement.BOTTOM)
        .calcs(list(values))
    )


def tooltip() -> VizTooltipOptions:
    """All lines at once, the greatest first."""
    return VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)


def transformed(name: str, **options: object) -> DataTransformerConfig:
    """A transformation, by its id."""
    return DataTransformerConfig(id_val=name, options=options)


def setting(name: str, value: object) -> DynamicConfigValue:
    """A property of an override; None takes it away."""
    return Nothing(name) if value is None else DynamicConfigValue(name, value)
