"""Operations: whether everything runs, keeps up, and has room."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import metrics as m
from dashboards.boards.serving import served
from dashboards.boards.shared import PROMOTIONS, VERSIONS
from dashboards.boards.visiting import visited
from dashboards.panels import variables
from dashboards.panels.board import Board, Section
from dashboards.panels.figures import figure
from dashboards.panels.lines import histogram, lines
from dashboards.panels.queries import Query
from dashboards.panels.tables import beside, ranked
from dashboards.panels.told import Told
from dashboards.promql import grown, newest, quantile, rate

_DEAD: Final = 'outcome="dead_letter"'
_RESTARTS: Final = "|".join(
    (
        m.WORKER_RESTARTS,
        m.TRAINER_RESTARTS,
        m.ARCHIVER_RESTARTS,
        m.NOTIFIER_RESTARTS,
        m.COURIER_RESTARTS,
        m.ADVISOR_RESTARTS,
        m.CONSOLE_RESTARTS,
        m.API_RESTARTS,
        m.EXPORTER_RESTARTS,
    )
)
PROCESSES: Final = 'job=~"worker|trainer|archiver|notifier|courier|advisor|console|exporter|api"'
"""Jobs of `prometheus.yml`."""


def _now() -> list[Panel]:
    return [
        figure(
            Told(
                "Processes that are away",
                "Targets of Prometheus that do not answer.",
                "Any: does that process run, and on the port that Prometheus reads?",
                "process-down",
            ),
            "short",
            [Query(f"count(up{{{PROCESSES}}} == 0) or vector(0)", "", "instant")],
            bounds=((None, "green"), (1, "red")),
        ),
        figure(
            Told(
                "Ready",
                "Parts that the API needs and that are not well: ingest, Kafka, Redis, lag, model, "
                "projection.",
                "`GET /readyz` names the part, and says why.",
                "api-slow",
            ),
            "short",
            [Query(f"count(min by (check) ({m.READY}) == 0) or vector(0)", "", "instant")],
            bounds=((None, "green"), (1, "red")),
        ),
        figure(
            Told(
                "Lag",
                "Records of the stream that no worker has applied yet, of all partitions.",
                "If it grows for minutes: start another worker, or see what this one waits for.",
                "lag",
            ),
            "short",
            [Query(f"sum(max by (partition) ({m.LAG}))")],
            bounds=((None, "green"), (10_000, "orange"), (100_000, "red")),
            line=True,
        ),
        figure(
            Told(
                "Records a second",
                "Records that workers have applied, duplicates and marks included.",
                "Compare with the same hour a week ago; hardly any means that the pipe is broken.",
                "lag",
            ),
            "eps",
            [Query(rate(m.RECORDS))],
            decimals=0,
            line=True,
        ),
        figure(
            Told(
                "Memory of Redis",
                "Memory that Redis has taken for all that it holds.",
                "Near the machine's memory or the limit: make room before writes are refused.",
                "redis-memory",
            ),
            "bytes",
            [Query(f"max({m.REDIS_MEMORY})")],
            line=True,
        ),
        figure(
            Told(
                "dead-letters",
                "Events of the time shown that could not be applied, by their own fault.",
                "Any: which reason, beneath? `ebbwatch dlq show` has them.",
                "dead-letters",
            ),
            "short",
            [Query(f"{grown(m.RECORDS, _DEAD)} or vector(0)", "", "instant")],
            decimals=0,
            bounds=((None, "green"), (1, "orange")),
        ),
    ]


def _lag() -> list[list[Panel]]:
    return [
        [
            lines(
                Told(
                    "Lag by partition",
                    "Records that are not applied yet.",
                    "One partition alone: its worker waits or was lost. All: more events than workers can "
                    "take.",
                    "lag",
                ),
                "short",
                [Query(f"max by (partition) ({m.LAG})", "{{partition}}")],
                width=8,
            ),
            lines(
                Told(
                    "Lag of the others",
                    "Records that trainer, archiver and notifier have not read.",
                    "One that grows alone: does that process run? Its `/healthz` says what it waits for.",
                    "lag",
                ),
                "short",
                [
                    Query(f"sum(max by (topic) ({m.TRAINER_LAG}))", "trainer"),
                    Query(f"sum(max by (partition) ({m.ARCHIVER_LAG}))", "archiver"),
                    Query(f"max({m.PROJECTION_LAG})", "notifier"),
                ],
                width=8,
            ),
            lines(
                Told(
                    "Event time behind the wall clock",
                    "How far clock marks are behind; the trainer's own clock likewise. History that is "
                    "replayed is as old "
                    "as it is.",
                    "Live, more than some minutes: no worker writes marks; no time passes for tiers and "
                    "alerts.",
                    "lag",
                ),
                "s",
                [
                    Query(f"time() - min({m.CLOCK} > 0)", "slowest partition"),
                    Query(f"time() - max({m.TRAINER_CLOCK} > 0)", "trainer"),
                ],
                width=8,
            ),
        ],
        [
            lines(
                Told(
                    "Throughput by outcome",
                    "Records a second: applied, late, duplicates, marks, dead letters.",
                    "Many duplicates: a producer sends again. Many late ones: its clock, or a queue on "
                    "its side.",
                    "lag",
                ),
                "eps",
                [Query(rate(m.RECORDS, by=("outcome",)), "{{outcome}}")],
                width=8,
                stacked=True,
            ),
            lines(
                Told(
                    "Into Kafka, and out of it",
                    "Records a second that Kafka takes into the served topic, that workers apply, and "
                    "states written.",
                    "More in than out for long: the lag grows, start another worker.",
                    "lag",
                ),
                "eps",
                [
                    Query(f"max(rate({m.LOG_RECORDS}[$__rate_interval]))", "into Kafka"),
                    Query(rate(m.RECORDS), "applied"),
                    Query(rate(m.STATES_WRITTEN), "states written"),
                ],
                width=8,
            ),
            ranked(
                Told(
                    "Dead letters by reason",
                    "Events of the time shown that could not be applied.",
                    "`too_late`: the producer sends events of days ago; `future`: its clock is wrong; "
                    "`malformed`: its code.",
                    "dead-letters",
                    empty="all events could be applied.",
                ),
                "short",
                Query(f"{grown(m.RECORDS, _DEAD, by=('reason',))} > 0", "", "table"),
                columns={"reason": "Reason"},
                figure="Events",
                width=8,
                decimals=0,
            ),
        ],
    ]


def _latency() -> list[Panel]:
    return [
        lines(
            Told(
                "From Kafka to written",
                "Age of a batch's last record when its states are written: half, 95 and 99 of 100 batches.",
                "Above 250 ms at half the top rate: is the machine shared, is Redis slow?",
                "lag",
            ),
            "s",
            [Query(quantile(q, m.BATCH_AGE), name) for q, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))],
            width=8,
        ),
        histogram(
            Told(
                "Batches by their whole way",
                "How many batches took how long, over time; darker is more.",
                "A second band far above the first: now and then something waits, mostly Redis or the disk.",
                "lag",
            ),
            "s",
            Query(
                f"sum by (le) (increase({m.BATCH_TIME}_bucket[$__rate_interval]))", "{{le}}", "heatmap"
            ),
            width=8,
        ),
        lines(
            Told(
                "Write to Redis",
                "How long the fenced script takes: half and 99 of 100.",
                "Rising with the same throughput: Redis's disk (append-only file), or others on the machine.",
                "redis-memory",
            ),
            "s",
            [Query(quantile(q, m.WRITE_TIME), name) for q, name in ((0.5, "p50"), (0.99, "p99"))],
            width=8,
        ),
    ]  # fmt: skip


def _servers() -> list[Panel]:
    return [
        lines(
            Told(
                "Redis: memory and files",
                "Memory taken, its limit (0 for none), and the append-only file.",
                "A rebuild needs room for two generations; nothing may be evicted.",
                "redis-memory",
            ),
            "bytes",
            [
                Query(f"max({m.REDIS_MEMORY})", "memory"),
                Query(f"max({m.REDIS_MOST_MEMORY})", "limit"),
                Query(f"max({m.REDIS_LOG})", "append-only file"),
            ],
            width=8,
        ),
        lines(
            Told(
                "Users and connections",
                "Users of whom Redis holds a record, users at risk, and connections.",
                "Connections that only grow: a client does not close them.",
                "redis-memory",
            ),
            "short",
            [
                Query(f"max({m.USERS_KNOWN})", "users"),
                Query(f"sum(max by (tier) ({m.USERS_AT_RISK}))", "at risk"),
                Query(f"max({m.REDIS_CLIENTS})", "connections"),
            ],
            width=8,
        ),
        lines(
            Told(
                "Kafka and Redis, as the API sees them",
                "1 while a part is well: Kafka and Redis answer, events are taken, lag and projection are "
                "within limits.",
                "0: `GET /readyz` says why. Workers wait, and nothing is lost.",
                "api-slow",
            ),
            "none",
            [Query(f"min by (check) ({m.READY})", "{{check}}")],
            width=8,
            most=1,
            decimals=0,
            steps=True,
        ),
    ]


def _batch() -> list[Panel]:
    return [
        beside(
            Told(
                "Batch jobs",
                "As of the end of which day all is known, when it was last run, how long it took, and "
                "whether the last try "
                "was good (1).",
                "A last try that is not good, or a run older than a day and a half: see the runbook.",
                "batch-late",
            ),
            "none",
            [
                Query(f"{newest(m.JOB_AS_OF, by=('batch_job',))} * 1000", "", "table"),
                Query(f"{newest(m.JOB_FINISHED, by=('batch_job',))} * 1000", "", "table"),
                Query(newest(m.JOB_DURATION, by=("batch_job",)), "", "table"),
                Query(f"sum by (batch_job) ({newest(m.JOB_ROWS, by=('batch_job', 'table'))})", "", "table"),
                Query(newest(m.JOB_SUCCESS, by=("batch_job",)), "", "table"),
            ],
            columns={"batch_job": "Job"},
            figures=(
                ("As of", "dateTimeAsIso"), ("Run", "dateTimeFromNow"), ("Took", "s"), ("Rows", "short"),
                ("Last try good", "none"),
            ),
            width=16,
            height=9,
        ),
        lines(
            Told(
                "Waits and fresh starts",
                "Retries a second while a service was away, and how often supervisors have started a "
                "process anew.",
                "The first fresh start is worth a look at the log of that process.",
                "lag",
            ),
            "short",
            [
                Query(f"sum({{__name__=~\"{_RESTARTS}\"}})", "fresh starts"),
                Query(f"sum by (service) (rate({m.WAITS}[$__rate_interval]))", "waits for {{service}}"),
            ],
            width=8,
            height=9,
        ),
    ]  # fmt: skip


BOARD: Final = Board(
    uid="ebbwatch-operations",
    title="Ebbwatch: operations",
    description="Whether everything runs, keeps up, and has room.",
    variables=(variables.source(), variables.api()),
    annotations=(PROMOTIONS, VERSIONS),
    sections=(
        Section("Now", [_now()]),
        Section("Lag, throughput and dead letters", _lag()),
        Section("Latency", [_latency()]),
        Section("Kafka and Redis", [_servers()]),
        Section("Batch jobs and processes", [_batch()]),
        Section("API and webhooks", served()),
        Section("Files that people send, and the console", visited()),
    ),
    since="now-1h",
    refresh="10s",
)
