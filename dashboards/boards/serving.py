"""Of the board of operations: how the API answers, and what webhooks take."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import metrics as m
from dashboards.panels.figures import bars
from dashboards.panels.lines import lines
from dashboards.panels.queries import Query
from dashboards.panels.tables import ranked
from dashboards.panels.told import Told
from dashboards.promql import grown, quantile, rate, where

SLOWEST_ROUTES: Final = (
    f"topk(8, histogram_quantile(0.99, {grown(f'{m.REQUEST_TIME}_bucket', by=('le', 'route'))}) >= 0)"
)


def served() -> list[list[Panel]]:
    """Rows of panels."""
    return [
        [
            lines(
                Told(
                    "Requests by status",
                    "Answers of the API a second, by status: 2xx is well, 5xx is ours to mend.",
                    "4xx are the callers': keys, rates, forms. 5xx are ours, or Kafka's and Redis's.",
                    "api-slow",
                ),
                "reqps",
                [Query(rate(m.REQUESTS, by=("status",)), "{{status}}")],
                width=8,
                stacked=True,
            ),
            lines(
                Told(
                    "How long requests take",
                    "Half and 99 of 100 requests, all routes.",
                    "A p99 that leaves the p50 behind: which route, beside?",
                    "api-slow",
                ),
                "s",
                [Query(quantile(q, m.REQUEST_TIME), name) for q, name in ((0.5, "p50"), (0.99, "p99"))],
                width=8,
            ),
            ranked(
                Told(
                    "Slowest routes",
                    "99 of 100 requests of the time shown were faster, by route.",
                    "Rankings and risk with sampled reasons are slow by nature; other routes should "
                    "answer within 50 ms.",
                    "api-slow",
                ),
                "s",
                Query(
                    SLOWEST_ROUTES,
                    "",
                    "table",
                ),
                columns={"route": "Route"},
                figure="p99",
                width=8,
            ),
        ],
        [
            lines(
                Told(
                    "Events by HTTP",
                    "Events that came in by HTTP a second, by source and what became of them.",
                    "Rejected ones never reached Kafka: the answer told the caller why.",
                    "dead-letters",
                    empty="no events came by HTTP.",
                ),
                "eps",
                [Query(rate(m.API_EVENTS, by=("source", "result")), "{{source}}: {{result}}")],
                width=8,
            ),
            lines(
                Told(
                    "Webhooks: deliveries",
                    "Attempts a second by what came of them.",
                    "Failed ones are tried again; dead ones were given up and can be replayed.",
                    "webhook",
                    empty="no webhook is set up, or nothing was to be delivered.",
                ),
                "ops",
                [Query(rate(m.DELIVERIES, by=("outcome",)), "{{outcome}}")],
                width=8,
            ),
            bars(
                Told(
                    "Webhooks: waiting",
                    "Deliveries that wait, by webhook.",
                    "If it grows, the receiver does not take them: see what the last attempts brought.",
                    "webhook",
                    empty="no webhook is set up.",
                ),
                "short",
                [Query(f"max by (webhook) ({where(m.WEBHOOKS_WAITING)})", "{{webhook}}", "instant")],
                decimals=0,
            ),
        ],
    ]
