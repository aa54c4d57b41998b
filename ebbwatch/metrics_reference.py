"""Every metric of every process, taken from what the processes make: for the page and its checks."""

import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pyarrow as pa
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from advisor.workspaces.metrics import AdvisorMetrics
from api.envelope import ApiMetrics
from api.ingest.intake import IntakeMetrics
from api.people import readiness, standing
from batch_jobs.cohorts import schema as cohorts
from batch_jobs.engagement import schema as engagement
from batch_jobs.exporter.families import FAMILIES, told
from batch_jobs.exporter.jobs import of_exporter, of_jobs
from batch_jobs.overview import overview
from batch_jobs.segments import tables as segments
from batch_jobs.survival import schema as survival
from batch_jobs.value import tables as value
from console.metrics import ConsoleMetrics
from stream_processors.archiver_metrics import ArchiverMetrics
from stream_processors.courier_metrics import CourierMetrics
from stream_processors.metrics import WorkerMetrics
from stream_processors.notifier_metrics import NotifierMetrics
from stream_processors.trainer_metrics import TrainerMetrics

SCHEMAS: Final[Mapping[str, Mapping[str, pa.Schema]]] = {
    "overview": {"figures": overview.FIGURES, "churn": overview.CHURN},
    "retention": cohorts.TABLES,
    "survival": survival.TABLES,
    "segments": segments.TABLES,
    "engagement": engagement.TABLES,
    "value": value.TABLES,
}
"""Tables of the jobs of which gauges are told."""

UNITS: Final = {
    "_timestamp_seconds": "seconds since 1970",
    "_seconds": "seconds",
    "_bytes": "bytes",
    "_ratio": "share, mostly 0 to 1",
    "_money": "units of the currency",
    "_info": "1",
}
"""By the end of a name; what ends otherwise is a number of what the name says."""

LABELS: Final[Mapping[str, tuple[str, int]]] = {
    "ago": ("days or weeks before the last that is told: `000`, `001`", 90),
    "batch_job": ("batch jobs (`job` is Prometheus's own label)", 10),
    "bin": ("`00` to `14`, the lowest predictions first", 15),
    "bound": ("`estimate`, and the limits `lower` and `upper`", 3),
    "cause": ("of an alarm: `features`, `error`", 2),
    "champion": ("kinds of contestants, without the day of their start", 12),
    "check": ("parts that `/readyz` looks at", 6),
    "cohort": ("first day of the week, ISO; the latest", 26),
    "contestant": (
        "contestants that are there, challengers with the day of their start; of counters without",
        24,
    ),
    "day": ("days since the origin: `007`", 122),
    "deliver": ("`true`, `false`", 2),
    "dimension": ("`all`, or what users are told apart by", 6),
    "feature": ("features of the model, or the most used ones of the product", 256),
    "figure": ("figures of the overview", 8),
    "from": ("tiers, or segments; `none` for who was not there", 11),
    "group": ("the largest groups of each kind", 110),
    "group_kind": ("`all`, or what users are grouped by", 10),
    "grouping": ("`all`, or what users are grouped by", 8),
    "kind": ("of an alert: `raised`, `resolved`; of a decision: `promote` and the like", 9),
    "method": ("of HTTP; `other` for what is none of the usual ones", 8),
    "months": ("of 30 days since the origin: `012`", 24),
    "outcome": (
        "of a record: `applied`, `dead_letter` and the like; of a delivery: `delivered` and the like; of the "
        "advisor's step: `succeeded` and the like; of a call of the console's: `answered` and the like",
        12,
    ),
    "part": ("`expected`, `at_risk`, `recoverable`", 3),
    "partition": ("of the topic of events", 256),
    "period": ("`now`, `before`; of cohorts weeks since the first: `W03`", 53),
    "reason": (
        "of a dead letter, empty otherwise; of a refused sign-in: `key`, `scopes`; of a workspace that is gone: "
        "`expired`, `deleted`",
        24,
    ),
    "result": ("of an event: `accepted`, `rejected`, `dead_lettered`, `ignored`", 4),
    "route": ("templates of paths, of the console pages, never paths; `none` for what there is not", 100),
    "segment": ("the largest segments", 10),
    "service": ("what was waited for: `kafka`, `redis`, `registry` and the like", 6),
    "side": ("`predicted`, `observed`, and the limits `lower` and `upper` of the latter", 4),
    "source": ("`events`, `segment`", 2),
    "stage": ("`users`, `active`, `trials`, `paid`", 4),
    "state": ("of an alert, a webhook, a workspace or a user's week", 8),
    "status": ("of HTTP", 40),
    "step": (
        "in the life of an alert: `released`, `acknowledged` and the like; of the advisor's: `read`, `map`, `train`",
        10,
    ),
    "table": ("tables of all jobs", 80),
    "tier": ("`high`, `medium`, `low`", 4),
    "to": ("as `from`", 11),
    "topic": ("topics that a process reads", 3),
    "type": ("of a message of Segment's libraries", 8),
    "value": ("the largest values of a dimension", 60),
    "version": ("versions that serve now", 2),
    "webhook": ("ids of webhooks, of which there may be 100", 100),
    "what": ("what became of an item", 16),
    "window": ("`day`, `week`, `month`", 3),
}
"""What the values of each label are, and how many there may be at a time; nothing here names a user."""


class Port(NamedTuple):
    """Where metrics are read."""

    process: str
    setting: str
    job: str
    """The name of the job in `dashboards/prometheus/prometheus.yml`."""


class Described(NamedTuple):
    """One metric."""

    name: str
    """As it is asked for: of a counter with ``_total``, of a histogram without ``_bucket`` and the like."""
    kind: str
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()
    """Upper bounds of a histogram, but for infinity."""

    @property
    def unit(self) -> str:
        """In words."""
        return next((unit for end, unit in UNITS.items() if self.name.endswith(end)), "number")


def described() -> dict[Port, list[Described]]:
    """All metrics by the port that tells them."""
    api, exporter = Port("api", "api_port", "api"), Port("exporter", "exporter_port", "exporter")
    found = {
        Port("worker", "metrics_port", "worker"): _made(WorkerMetrics),
        Port("trainer", "trainer_metrics_port", "trainer"): _made(TrainerMetrics),
        Port("archiver", "archiver_metrics_port", "archiver"): _made(
            lambda registry: ArchiverMetrics(registry, os.curdir)
        ),
        Port("notifier", "notifier_metrics_port", "notifier"): _made(NotifierMetrics),
        Port("courier", "courier_metrics_port", "courier"): _made(CourierMetrics),
        Port("advisor", "advisor_metrics_port", "advisor"): _made(AdvisorMetrics),
        Port("console", "console_metrics_port", "console"): _made(ConsoleMetrics),
        api: _made(ApiMetrics, IntakeMetrics, readiness.Gauges, standing.Gauges),
    }
    families = [family for job in FAMILIES for family in told(job, empty(job))]
    families += [*of_jobs([], 0.0), *of_exporter(0, readable=True)]
    found[exporter] = [_of_family(family) for family in families]
    return found


def empty(job: str) -> dict[str, pa.Table]:
    """Tables of a job without rows."""
    return {name: schema.empty_table() for name, schema in SCHEMAS[job].items()}


class _Listening(CollectorRegistry):
    """Remembers what is registered, in that order."""

    def __init__(self) -> None:
        super().__init__()
        self.collectors: list[Any] = []

    def register(self, collector: Collector) -> None:
        super().register(collector)
        self.collectors.append(collector)


def _made(*makers: Any) -> list[Described]:
    registry = _Listening()
    for make in makers:
        make(registry)
    return [_of_collector(collector) for collector in registry.collectors]


def _of_collector(collector: Any) -> Described:
    (family,) = collector.describe()
    name = f"{family.name}_total" if family.type == "counter" else family.name
    buckets = tuple(collector._kwargs.get("buckets", ()))  # noqa: SLF001 - nothing public says it
    return Described(name, family.type, collector._labelnames, family.documentation, buckets)  # noqa: SLF001


def _of_family(family: Metric) -> Described:
    labels: tuple[str, ...] = tuple(family._labelnames)  # type: ignore[attr-defined]  # noqa: SLF001
    return Described(family.name, family.type, labels, family.documentation)
