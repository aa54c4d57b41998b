"""Gauges whose label values come and go, as contestants do."""

from collections.abc import Mapping

from prometheus_client import Gauge


class Shown:
    """Shows the present values and no former ones; whoever scrapes meanwhile misses none."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._shown: set[tuple[str, ...]] = set()

    def show(self, values: Mapping[tuple[str, ...], float | None]) -> None:
        """Show these by the values of their labels, and nothing else; None is not shown."""
        present = {labels: value for labels, value in values.items() if value is not None}
        for labels, value in present.items():
            self._gauge.labels(*labels).set(value)
        for gone in self._shown - present.keys():
            self._gauge.remove(*gone)
        self._shown = set(present)
