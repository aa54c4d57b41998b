"""Which gauges are told of each job."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from prometheus_client.core import GaugeMetricFamily

from batch_jobs.exporter import courses, gauges, moves
from batch_jobs.exporter.gauges import Tables

Told = Callable[[Tables], Iterable[GaugeMetricFamily]]


def told(job: str, tables: Tables) -> Iterator[GaugeMetricFamily]:
    """All gauges of a job; none if nothing of it is told."""
    for found in FAMILIES.get(job, ()):
        yield from found(tables)


FAMILIES: Final[Mapping[str, tuple[Told, ...]]] = {
    "overview": (gauges.overview,),
    "retention": (gauges.retention,),
    "survival": (gauges.survival, moves.logrank),
    "segments": (gauges.segments,),
    "engagement": (
        gauges.engagement, courses.activity, courses.lifecycle, courses.features, courses.conversion,
        courses.funnel, courses.churn,
    ),
    "value": (gauges.value, moves.tiers),
}  # fmt: skip
"""By job."""
