"""Lines over days or weeks that are labels, not moments: survival, retention, and the days before an as-of.

Labels are texts: they become numbers and are put into their order first, or the lines are scribbles without an error.
"""

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import trend
from grafana_foundation_sdk.models.common import LineInterpolation, VisibilityMode
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    FieldColorModeId,
    Panel,
)

from dashboards.panels.built import coloured, finished, legend, setting, tooltip, transformed
from dashboards.panels.matrices import matrix, numbers, renamed
from dashboards.panels.queries import Query
from dashboards.panels.told import Told

_HIDDEN: Final = {"legend": True, "tooltip": False, "viz": False}
_BAND: Final = 15


def survival(
    told: Told, query: Query, *, axis: str, width: int = 12, height: int = 10, repeated: str = ""
) -> Panel:
    """One Kaplan-Meier curve with its band; labels `day` and `bound` (estimate, lower, upper).

    Args:
        repeated: variable of whose values each has a panel of its own, three in a row.
    """
    made = (
        _trend("Day", axis)
        .line_interpolation(LineInterpolation.STEP_AFTER)
        .line_width(2)
        .min(0)
        .max(1)
        .transformations([
            numbers("day"),
            transformed("sortBy", fields={}, sort=[{"field": "bound"}]),
            transformed("sortBy", fields={}, sort=[{"field": "day"}]),
            matrix("day", "bound"),
            transformed(
                "organize", renameByName={"day\\bound": "Day", "estimate": "not lost"}, excludeByName={},
                indexByName={},
            ),
        ])
        .override_by_name("not lost", [_fixed("blue")])
        .override_by_name("upper", _edge("blue", below="lower"))
        .override_by_name("lower", _edge("blue"))
    )  # fmt: skip
    if repeated:
        made.repeat(repeated).repeat_direction("h").max_per_row(3)
    return finished(made, told, "percentunit", [query], width=width, height=height)


def curves(told: Told, query: Query, *, line: str, width: int = 12, height: int = 10, axis: str) -> Panel:
    """Kaplan-Meier curves of groups, without bands, in which many would drown; labels `day` and `line`."""
    made = (
        _trend("Day", axis)
        .line_interpolation(LineInterpolation.STEP_AFTER)
        .line_width(2)
        .min(0)
        .max(1)
        .transformations([
            numbers("day"),
            transformed("sortBy", fields={}, sort=[{"field": line}]),
            transformed("sortBy", fields={}, sort=[{"field": "day"}]),
            matrix("day", line),
            renamed("day", line, "Day"),
        ])
    )  # fmt: skip
    return finished(made, told, "percentunit", [query], width=width, height=height)


def by_number(
    told: Told,
    unit: str,
    query: Query,
    *,
    line: str,
    shown: str,
    axis: str,
    width: int = 12,
    height: int = 9,
    least: float | None = 0,
    most: float | None = None,
    bold: str = "",
    colours: Sequence[tuple[str, str]] = (),
) -> Panel:
    """A line for each value of the label `line` over the number in the label `n`.

    Keep it 12 wide where the numbers are few: wider, the axis shows halves.

    Args:
        shown: name of the axis's field, such as `Week`.
        least: where the axis of the figures begins; None for by the figures.
        bold: the line that is drawn thick, in the colour of text.
        colours: of lines by their names.
    """
    made = (
        _trend(shown, axis)
        .line_interpolation(LineInterpolation.LINEAR)
        .line_width(1)
        .transformations([
            numbers("n"),
            transformed("sortBy", fields={}, sort=[{"field": line}]),
            transformed("sortBy", fields={}, sort=[{"field": "n"}]),
            matrix("n", line),
            renamed("n", line, shown),
        ])
    )  # fmt: skip
    if least is not None:
        made.min(least)
    if most is not None:
        made.max(most)
    if bold:
        made.override_by_name(bold, [setting("custom.lineWidth", 4), _fixed("text")])
    for name, colour in colours:
        made.override_by_name(name, [_fixed(colour)])
    return finished(made, told, unit, [query], width=width, height=height)


def _trend(shown: str, axis: str) -> trend.Panel:
    return (
        trend.Panel()
        .x_field(shown)
        .show_points(VisibilityMode.NEVER)
        .fill_opacity(0)
        .span_nulls(False)
        .color_scheme(coloured(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .legend(legend())
        .tooltip(tooltip())
        .override_by_name(
            shown,
            # the axis would inherit the limits of the lines
            [setting("unit", "none"), setting("min", None), setting("max", None), setting("custom.axisLabel", axis)],
        )
    )  # fmt: skip


def _fixed(colour: str) -> DynamicConfigValue:
    return setting("color", {"mode": "fixed", "fixedColor": colour})


def _edge(colour: str, below: str = "") -> list[DynamicConfigValue]:
    found = [setting("custom.lineWidth", 0), _fixed(colour), setting("custom.hideFrom", _HIDDEN)]
    if below:
        found += [setting("custom.fillBelowTo", below), setting("custom.fillOpacity", _BAND)]
    return found
