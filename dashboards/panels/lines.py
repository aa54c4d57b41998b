"""What happens over time: lines, stacked areas, and how a histogram moves."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import heatmap, timeseries
from grafana_foundation_sdk.builders.common import (
    HideSeriesConfig,
    ScaleDistributionConfig,
    StackingConfig,
)
from grafana_foundation_sdk.builders.heatmap import HeatmapColorOptions, YAxisConfig
from grafana_foundation_sdk.models.common import (
    AxisPlacement,
    GraphDrawStyle,
    LineInterpolation,
    ScaleDistribution,
    StackingMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import FieldColorModeId, Panel
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode, HeatmapColorScale

from dashboards.panels.built import coloured, finished, legend, setting, tooltip
from dashboards.panels.queries import Query
from dashboards.panels.told import Told


def lines(
    told: Told,
    unit: str,
    queries: Sequence[Query],
    *,
    width: int = 12,
    height: int = 8,
    stacked: bool = False,
    least: float | None = 0,
    most: float | None = None,
    decimals: int | None = None,
    colours: Sequence[tuple[str, str]] = (),
    logarithmic: bool = False,
    steps: bool = False,
) -> Panel:
    """Lines, or stacked areas.

    Args:
        least: where the axis begins; None for by the figures.
        colours: of lines by their names.
        steps: whether a value holds until the next.
    """
    made = (
        timeseries.Panel()
        .draw_style(GraphDrawStyle.LINE)
        .line_interpolation(LineInterpolation.STEP_AFTER if steps else LineInterpolation.LINEAR)
        .line_width(1)
        .fill_opacity(40 if stacked else 0)
        .show_points(VisibilityMode.AUTO)
        .span_nulls(False)
        .color_scheme(coloured(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .legend(legend())
        .tooltip(tooltip())
    )
    if stacked:
        made.stacking(StackingConfig().mode(StackingMode.NORMAL).group("A"))
    if logarithmic:
        made.scale_distribution(ScaleDistributionConfig().type(ScaleDistribution.LOG).log(10))
    elif least is not None:
        made.min(least)
    if most is not None:
        made.max(most)
    if decimals is not None:
        made.decimals(decimals)
    for name, colour in colours:
        made.override_by_name(name, [setting("color", {"mode": "fixed", "fixedColor": colour})])
    return finished(made, told, unit, queries, width=width, height=height)


def histogram(told: Told, unit: str, query: Query, *, width: int = 12, height: int = 8) -> Panel:
    """How the buckets of a histogram fill over time; the query's form is `heatmap` and its legend ``{{le}}``."""
    made = (
        heatmap.Panel()
        .calculate(False)
        .color(
            HeatmapColorOptions()
            .mode(HeatmapColorMode.SCHEME)
            .scheme("Oranges")
            .scale(HeatmapColorScale.EXPONENTIAL)
            .exponent(0.5)
            .steps(64)
            .reverse(False)
            .fill("dark-orange")
        )
        .y_axis(YAxisConfig().unit(unit).axis_placement(AxisPlacement.LEFT))
        .cell_gap(1)
        .hide_from(HideSeriesConfig().legend(False).tooltip(False).viz(False))
    )
    return finished(made, told, unit, [query], width=width, height=height)
