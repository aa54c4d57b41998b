"""Single figures, and bars of a few."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import bargauge, stat
from grafana_foundation_sdk.builders.common import ReduceDataOptions
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BarGaugeNamePlacement,
    BarGaugeSizing,
    BarGaugeValueMode,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueJustifyMode,
    BigValueTextMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import FieldColorModeId, Panel, ValueMapping

from dashboards.panels.built import coloured, finished, setting, steps
from dashboards.panels.queries import Query
from dashboards.panels.told import Told

_PLAIN = ((None, "text"),)


def figure(
    told: Told,
    unit: str,
    queries: Sequence[Query],
    *,
    width: int = 4,
    height: int = 4,
    decimals: int | None = None,
    bounds: Sequence[tuple[float | None, str]] = _PLAIN,
    line: bool = False,
    mappings: Sequence[ValueMapping] = (),
) -> Panel:
    """Figures in large type; several are named by their legends.

    Args:
        bounds: colours from values on, the first from None.
        line: whether a range query's course is drawn behind it.
    """
    made = (
        stat.Panel()
        .thresholds(steps(*bounds))
        .color_scheme(coloured(FieldColorModeId.THRESHOLDS))
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.AREA if line else BigValueGraphMode.NONE)
        .justify_mode(BigValueJustifyMode.AUTO)
        .text_mode(BigValueTextMode.VALUE_AND_NAME if len(queries) > 1 else BigValueTextMode.VALUE)
        .orientation(VizOrientation.AUTO)
        .reduce_options(_last())
    )
    if decimals is not None:
        made.decimals(decimals)
    if mappings:
        made.mappings(list(mappings))
    return finished(made, told, unit, queries, width=width, height=height)


def bars(
    told: Told,
    unit: str,
    queries: Sequence[Query],
    *,
    width: int = 8,
    height: int = 8,
    decimals: int | None = None,
    bounds: Sequence[tuple[float | None, str]] = ((None, "blue"),),
    most: float | None = None,
    colours: Sequence[tuple[str, str]] = (),
) -> Panel:
    """Horizontal bars. One query a bar keeps their order; one query with a legend of labels sorts by itself.

    Args:
        most: where the bars end; by the figures if None.
        colours: of bars by their names.
    """
    made = (
        bargauge.Panel()
        .thresholds(steps(*bounds))
        .color_scheme(coloured(FieldColorModeId.THRESHOLDS))
        .display_mode(BarGaugeDisplayMode.BASIC)
        .value_mode(BarGaugeValueMode.TEXT)
        .name_placement(BarGaugeNamePlacement.LEFT)
        .orientation(VizOrientation.HORIZONTAL)
        .sizing(BarGaugeSizing.AUTO)
        .min_viz_width(8)
        .min_viz_height(16)
        .max_viz_height(40)
        .show_unfilled(True)
        .reduce_options(_last())
        .min(0)
    )
    if most is not None:
        made.max(most)
    if decimals is not None:
        made.decimals(decimals)
    for name, colour in colours:
        made.override_by_name(name, [setting("color", {"mode": "fixed", "fixedColor": colour})])
    return finished(made, told, unit, queries, width=width, height=height)


def _last() -> ReduceDataOptions:
    return ReduceDataOptions().values(False).calcs(["lastNotNull"]).fields("")
