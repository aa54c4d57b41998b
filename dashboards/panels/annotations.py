"""Events that are marked in all panels over time of a board."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import AnnotationQuery

from dashboards.panels.queries import SOURCE


class Event(AnnotationQuery):
    """Of Prometheus: the SDK knows the fields of Grafana's own annotations only."""

    def __init__(self, name: str, expression: str, colour: str, title: str, text: str, tags: str) -> None:
        super().__init__(name=name, datasource=SOURCE, enable=True, icon_color=colour, expr=expression)
        self._more: dict[str, object] = {
            "titleFormat": title, "textFormat": text, "tagKeys": tags, "step": "30s", "useValueForTime": False,
        }  # fmt: skip

    def to_json(self) -> dict[str, object]:
        """With the fields of Prometheus."""
        return super().to_json() | self._more


class _Ready(Builder[AnnotationQuery]):
    def __init__(self, event: Event) -> None:
        self._event = event

    def build(self) -> AnnotationQuery:
        return self._event


def marked(
    name: str, expression: str, *, colour: str, title: str, text: str = "", tags: str = ""
) -> Builder[AnnotationQuery]:
    """Moments at which the expression has a series; it should come and go within a step or two.

    Args:
        title: may name labels, ``{{label}}``; `text` likewise.
        tags: labels, by commas.
    """
    return _Ready(Event(name, expression, colour, title, text, tags))
