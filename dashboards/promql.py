"""PromQL, put together. Expressions are texts; labels that repeat are matched together."""

from typing import Final

KEPT: Final = "1d"
"""How long figures of batch jobs stand when their exporter is away; labels that are told no more linger as long."""
RATE: Final = "$__rate_interval"


def equal(label: str, value: str) -> str:
    """A matcher."""
    return f'{label}="{value}"'


def where(metric: str, *matchers: str) -> str:
    """A selector: ``metric{matcher, ...}``."""
    return f"{metric}{{{','.join(matchers)}}}" if matchers else metric


def newest(metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """The last value of gauges: one for each combination of labels, however many processes tell it."""
    grouped = f" by ({','.join(by)})" if by else ""
    return f"max{grouped}(last_over_time({where(metric, *matchers)}[{KEPT}]))"


def rate(metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Increase of counters a second, summed."""
    grouped = f" by ({','.join(by)})" if by else ""
    return f"sum{grouped}(rate({where(metric, *matchers)}[{RATE}]))"


def grown(metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Increase of counters over the time that the board shows."""
    grouped = f" by ({','.join(by)})" if by else ""
    return f"sum{grouped}(increase({where(metric, *matchers)}[$__range]))"


def appeared(metric: str, by: tuple[str, ...]) -> str:
    """Series of a counter that have grown within the last half minute, also those that were not there before it."""
    labels = ",".join(by)
    now, then = f"sum by ({labels}) ({metric})", f"sum by ({labels}) ({metric} offset 30s)"
    return f"{now} - ({then} or {now} * 0) > 0"


def quantile(q: float, histogram: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """A quantile of a classic histogram; `histogram` without ``_bucket``."""
    return f"histogram_quantile({q}, {rate(f'{histogram}_bucket', *matchers, by=('le', *by))})"


def either(*expressions: str) -> str:
    """Series of all of them; the first wins where labels are equal."""
    return " or ".join(expressions)


def named(expression: str, label: str, value: str) -> str:
    """With one more label."""
    return f'label_replace({expression},"{label}","{value}","","")'


def numbered(expression: str, label: str, pattern: str = "0*(.+)", sign: str = "") -> str:
    """With the number inside of a label as the label `n`, which people read on an axis."""
    return f'label_replace({expression},"n","{sign}$1","{label}","{pattern}")'


def before(expression: str) -> str:
    """With `n` for days or weeks before now, at most 0, from the label `ago`."""
    return numbered(expression, "ago", sign="-")


def greatest_first(expression: str) -> str:
    """An instant vector in the order of its values."""
    return f"sort_desc({expression})"


def joined(expression: str, label: str, *parts: str) -> str:
    """With one more label: others, joined by a space."""
    names = ",".join(f'"{part}"' for part in parts)
    return f'label_join({expression},"{label}"," ",{names})'


CHOICES: Final = ("platform", "channel", "plan")
"""Dimensions that have a variable."""


def of(dimension: str, kind: str = "dimension", group: str = "value") -> tuple[str, str]:
    """Matchers of a dimension's values, as far as the variable of that dimension lets them."""
    return f'{kind}="{dimension}"', f'{group}=~"${dimension}"'


def chosen(
    metric: str, *matchers: str, by: tuple[str, ...], kind: str = "dimension", group: str = "value"
) -> str:
    """Groups of the dimension that the board's variable `by` names, narrowed by the variable of that dimension.

    Figures are told by one dimension at a time, so each variable narrows its own.
    """
    selected = f'{kind}=~"$by"'
    narrowed = [newest(metric, *of(name, kind, group), selected, *matchers, by=by) for name in CHOICES]
    others = f'{kind}!~"{"|".join(CHOICES)}"'
    return either(*narrowed, newest(metric, others, selected, *matchers, by=by))
