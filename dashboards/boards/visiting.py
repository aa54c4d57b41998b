"""Of the board of operations: files that people send to the advisor, and the console that they look at."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import metrics as m
from dashboards.panels.lines import lines
from dashboards.panels.queries import Query
from dashboards.panels.tables import ranked
from dashboards.panels.told import Told
from dashboards.promql import grown, quantile, rate

_PAGES: Final = 'route!~"/_nicegui|/static|/healthz|none"'
"""What people look at; not what it is made of."""
_BY_PAGE: Final = grown(f"{m.CONSOLE_REQUEST_TIME}_bucket", _PAGES, by=("le", "route"))
SLOWEST_PAGES: Final = f"topk(8, histogram_quantile(0.95, {_BY_PAGE}) >= 0)"


def visited() -> list[list[Panel]]:
    """Rows of panels."""
    return [_files(), _kept(), _pages(), _calls()]


def _files() -> list[Panel]:
    return [
        lines(
            Told(
                "Files: how long the oldest waits",
                "Age of the step (read, map or train) that waits longest and has not begun; and how long ago the "
                "advisor looked for work last.",
                "Minutes while trainings run are the queue. Without any running, or if the last look is "
                "minutes ago: the advisor stands still.",
                "uploads-wait",
            ),
            "s",
            [
                Query(f"max({m.ADVISOR_OLDEST})", "oldest"),
                Query(f"time() - max({m.ADVISOR_LOOKED} > 0)", "last look"),
            ],
            width=8,
        ),
        lines(
            Told(
                "Files: waiting and worked on",
                "Workspaces for which a step is to be done that has not begun, and steps that are worked on.",
                "Waiting ones while fewer run than `EBBWATCH_ADVISOR_AT_ONCE`: see the log. All of them busy for "
                "long: raise it, if there are cores.",
                "uploads-wait",
            ),
            "short",
            [
                Query(f"max({m.ADVISOR_WAITING})", "waiting"),
                Query(f"max by (step) ({m.ADVISOR_RUNNING})", "{{step}}"),
            ],
            width=8,
            decimals=0,
        ),
        lines(
            Told(
                "Files: steps by outcome",
                "Steps that have ended within five minutes, by what came of them.",
                "`failed` are files that were refused, and their owners know why. `out_of_memory`, `out_of_time`, "
                "`killed` and `crashed` are ours to look at.",
                "steps-fail",
            ),
            "short",
            [Query(f"sum by (outcome) (increase({m.ADVISOR_STEPS}[5m]))", "{{outcome}}")],
            width=8,
            stacked=True,
        ),
    ]  # fmt: skip


def _kept() -> list[Panel]:
    return [
        lines(
            Told(
                "Files: how long steps take",
                "Half and 95 of 100 steps that have succeeded, by step; at most half an hour can be told.",
                "A training takes minutes for half a million rows. Longer without larger files: cores "
                "are short, since trainings stand back behind all else.",
                "uploads-wait",
                empty="no step has ended lately.",
            ),
            "s",
            [
                Query(quantile(q, m.ADVISOR_STEP_TIME, by=("step",)), f"{{{{step}}}} {name}")
                for q, name in ((0.5, "p50"), (0.95, "p95"))
            ],
            width=6,
        ),
        lines(
            Told(
                "Files: kept, by state",
                "Workspaces by state; each goes by itself after `EBBWATCH_WORKSPACE_DAYS`.",
                "Many that have failed: which sentence do their owners read? Many that are read and not mapped: "
                "people do not find on.",
                "steps-fail",
            ),
            "short",
            [Query(f"max by (state) ({m.WORKSPACES})", "{{state}}")],
            width=6,
            stacked=True,
            decimals=0,
        ),
        lines(
            Told(
                "Files: on disk",
                "Bytes of all workspaces, with results and what work under way has written; looked at once a minute.",
                "Near the size of the disk: fewer days in `EBBWATCH_WORKSPACE_DAYS`, or a larger disk.",
                "steps-fail",
            ),
            "bytes",
            [Query(f"max({m.WORKSPACES_BYTES})", "on disk")],
            width=6,
        ),
        lines(
            Told(
                "Files: gone",
                "Workspaces of the last day that have expired, and that somebody deleted.",
                "Many deleted ones: were their results of no use? Expired ones are the rule.",
                "steps-fail",
            ),
            "short",
            [Query(f"sum by (reason) (increase({m.WORKSPACES_GONE}[1d]))", "{{reason}}")],
            width=6,
            decimals=0,
        ),
    ]


def _pages() -> list[Panel]:
    return [
        lines(
            Told(
                "Console: pages by status",
                "Pages and forms that were answered a second, by status; 303 leads on to another page.",
                "5xx is a fault of the console: its log has it. Many 401 and 403: refused sign-ins, beside.",
                "console",
            ),
            "reqps",
            [Query(rate(m.CONSOLE_REQUESTS, _PAGES, by=("status",)), "{{status}}")],
            width=8,
            stacked=True,
        ),
        ranked(
            Told(
                "Console: slowest pages",
                "95 of 100 requests of the time shown were faster, by page.",
                "A page is as slow as the calls of the API behind it: are those slow as well, beneath?",
                "console",
            ),
            "s",
            Query(SLOWEST_PAGES, "", "table"),
            columns={"route": "Page"},
            figure="p95",
            width=8,
        ),
        lines(
            Told(
                "Console: who is there",
                "Visitors that are signed in, pages that are open in browsers, and sign-ins that were refused within "
                "five minutes.",
                "Many refused ones: somebody tries keys, or a key has expired that several share.",
                "console",
            ),
            "short",
            [
                Query(f"sum({m.CONSOLE_SESSIONS})", "signed in"),
                Query(f"sum({m.CONSOLE_CLIENTS})", "open pages"),
                Query(f"sum(increase({m.REFUSED_SIGN_INS}[5m]))", "refused"),
            ],
            width=8,
            decimals=0,
        ),
    ]


def _calls() -> list[Panel]:
    return [
        lines(
            Told(
                "Console: calls of the API",
                "Calls a second that pages make, by what came of them.",
                "`away`: the API, or what it needs, does not answer. `refused` in numbers: keys that lack a "
                "scope, or rates.",
                "console",
            ),
            "ops",
            [Query(rate(m.CONSOLE_CALLS, by=("outcome",)), "{{outcome}}")],
        ),
        lines(
            Told(
                "Console: how long the API takes",
                "Half and 95 of 100 calls that were answered, as the console waits for them.",
                "Slow here and not among the API's own routes: the way between the two, or all connections are "
                "taken.",
                "api-slow",
            ),
            "s",
            [
                Query(quantile(q, m.CONSOLE_CALL_TIME, 'outcome="answered"'), name)
                for q, name in ((0.5, "p50"), (0.95, "p95"))
            ],
        ),
    ]
