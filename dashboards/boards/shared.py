"""Panels and marks that several boards show."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import metrics as m
from dashboards.panels.annotations import marked
from dashboards.panels.queries import Query
from dashboards.panels.tables import beside
from dashboards.panels.told import Told
from dashboards.panels.trends import by_number
from dashboards.promql import appeared, before, newest

PROMOTIONS: Final = marked(
    "Model decisions",
    appeared(m.DECISIONS, ("kind", "champion")),
    colour="purple",
    title="{{kind}}",
    text="champion: {{champion}}",
    tags="kind,champion",
)
VERSIONS: Final = marked(
    "Versions",
    appeared(m.PUBLISHED, ("contestant",)),
    colour="blue",
    title="published",
    text="{{contestant}}",
    tags="contestant",
)
DRIFTS: Final = marked(
    "Drift alarms",
    appeared(m.DRIFT_ALARMS, ("cause",)),
    colour="orange",
    title="drift: {{cause}}",
    tags="cause",
)


def age_of(*jobs: str, width: int = 12, height: int = 9) -> Panel:
    """How old the results are that a board shows."""
    of = f'batch_job=~"{"|".join(jobs)}"'
    return beside(
        Told(
            "How old these results are",
            "As of the end of which day all is known to each job, when it was last run, and whether its "
            "last try "
            "was good (1). Panels keep what was told last for a day when the exporter is away.",
            "If a run is older than a day and a half, or the last try has failed, see the runbook.",
            "batch-late",
        ),
        "none",
        [
            Query(f"{newest(m.JOB_AS_OF, of, by=('batch_job',))} * 1000", "", "table"),
            Query(f"{newest(m.JOB_FINISHED, of, by=('batch_job',))} * 1000", "", "table"),
            Query(newest(m.JOB_SUCCESS, of, by=("batch_job",)), "", "table"),
        ],
        columns={"batch_job": "Job"},
        figures=(("As of", "dateTimeAsIso"), ("Run", "dateTimeFromNow"), ("Last try good", "none")),
        width=width,
        height=height,
    )


def course_of_churn() -> Panel:
    """The churn rate of everybody by week."""
    return by_number(
        Told(
            "Churn rate by week",
            "The churn rate of everybody on the Mondays before the as-of, with 95 % limits; week 0 is the "
            "last Monday.",
            "A rise beyond the limits of the weeks before is real: find its source in the panel beside.",
            "churn",
        ),
        "percentunit",
        Query(before(newest(m.WEEKLY_CHURN, 'dimension="all"', by=("bound", "ago"))), "", "table"),
        line="bound",
        shown="Week",
        axis="weeks before the last Monday",
        bold="estimate",
        colours=(("lower", "blue"), ("upper", "blue")),
    )
