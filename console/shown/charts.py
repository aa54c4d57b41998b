"""Pictures as ECharts wants them; colours and axes of all of them stand here."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

INK: Final = "currentColor"
BLUE: Final = "#3b82c4"
COLOURS: Final = (BLUE, "#d97706", "#2f9e62", "#a855c7", "#d6455d", "#0f9aa8", "#8a7d2f", "#64748b")
_PRINTED: Final = "#1f2933"
"""What the page's ink is outside of a page."""
FAINT: Final = "rgba(128,140,152,0.35)"
_FEW: Final = 8
_FONT: Final = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
"""By name, since the library measures with it: `inherit` it would not understand. In pictures that are kept it stands
between double quotes, as it is."""
RISE: Final = "#d6455d"
FALL: Final = "#2f9e62"


def cartesian(x: Mapping[str, Any], y: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Axes, with the pointer's box and room for names.

    Args:
        x, y: of the axes, over what all have.
    """
    return {
        "animation": False,
        "aria": {"enabled": True},
        "color": list(COLOURS),
        "textStyle": {"color": INK, "fontFamily": _FONT},
        "tooltip": {"trigger": "axis", "confine": True},
        "grid": {
            "left": 12,
            "right": 18,
            "top": 44,
            "bottom": 32 if "name" in x else 12,
            "containLabel": True,
        },
        "xAxis": _axis(x),
        "yAxis": _upright(y),
    } | more


def two_scales(
    x: Mapping[str, Any], left: Mapping[str, Any], right: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """The same with a second axis at the right, for series that say `yAxisIndex` 1."""
    beside = _upright(right)
    beside["nameTextStyle"] = {"color": INK, "align": "right"}
    return cartesian(x, left, **more) | {"yAxis": [_upright(left), beside]}


def legend(names: Sequence[str]) -> dict[str, Any]:
    """Above the picture, in one line that can be paged through."""
    return {
        "legend": {
            "type": "scroll",
            "top": 0,
            "data": list(names),
            "textStyle": {"color": INK},
            "itemGap": 18,
        }
    }


def dates(values: Sequence[str], name: str) -> dict[str, Any]:
    """An axis of days as categories, whose first and last names stay within the picture."""
    label = {"color": INK, "hideOverlap": True, "alignMinLabel": "left", "alignMaxLabel": "right"}
    return {"type": "category", "data": list(values), "name": name, "axisLabel": label}


def line(name: str, points: Sequence[Sequence[Any]], **more: Any) -> dict[str, Any]:
    """One line without symbols.

    Args:
        points: (x, y).
    """
    return {"type": "line", "name": name, "showSymbol": False, "data": [list(p) for p in points]} | more


def band(name: str, points: Sequence[tuple[Any, float, float]], colour: str) -> list[dict[str, Any]]:
    """What lies between two limits, as two series of one stack.

    Args:
        points: (x, lower, upper).
    """
    hidden = {
        "lineStyle": {"opacity": 0},
        "silent": True,
        "tooltip": {"show": False},
        "stack": f"{name} band",
    }
    filled = {"areaStyle": {"color": colour, "opacity": 0.18}}
    return [
        line(f"{name}, lower limit", [(x, low) for x, low, _ in points], **hidden),
        line(f"{name}, band", [(x, high - low) for x, low, high in points], **hidden, **filled),
    ]


def steps(name: str, points: Sequence[Sequence[Any]], **more: Any) -> dict[str, Any]:
    """A line that changes at its points only."""
    return line(name, points, step="end", **more)


def standalone(svg: str) -> bytes:
    """A picture that was drawn in a page as a file of its own, which has no page's colours: dark on white."""
    beginning, rest = svg.split(">", 1)
    paper = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return f"{beginning}>{paper}{rest}".replace(INK, _PRINTED).encode()


def file_name(title: str) -> str:
    """Of a picture's file: its title, without what file systems take amiss."""
    return f"{re.sub(r'[^a-z0-9]+', '-', title.lower()).strip('-') or 'picture'}.svg"


def _whole(given: Mapping[str, Any]) -> dict[str, Any]:
    """Few names are shown all, in several lines where there is no room for one."""
    few = given["type"] == "category" and len(given.get("data", ())) <= _FEW
    return {"interval": 0, "width": 90, "overflow": "break", "lineHeight": 14} if few else {}


def _axis(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "axisLabel": {"color": INK, "hideOverlap": True, **_whole(given)},
        "axisLine": {"lineStyle": {"color": FAINT}},
        "splitLine": {"lineStyle": {"color": FAINT}},
        "nameTextStyle": {"color": INK},
        "nameLocation": "middle",
        "nameGap": 28,
    } | dict(given)


def _upright(given: Mapping[str, Any]) -> dict[str, Any]:
    """Its name stands above it: beside it, it would lie across the numbers."""
    name = {"color": INK, "align": "left"}
    return _axis(given) | {"nameLocation": "end", "nameGap": 12, "nameTextStyle": name}
