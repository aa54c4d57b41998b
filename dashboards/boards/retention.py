"""Retention and survival: who stays, for how long, and whether groups differ."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import metrics as m
from dashboards.boards.shared import age_of
from dashboards.panels import variables
from dashboards.panels.board import Board, Section
from dashboards.panels.matrices import cohorts, grid
from dashboards.panels.queries import Query
from dashboards.panels.tables import beside, ranked
from dashboards.panels.told import Told
from dashboards.panels.trends import by_number, curves, survival
from dashboards.promql import chosen, either, named, newest, numbered

_AXIS: Final = "days since the first day"
_MILESTONES: Final = "000|007|014|030|060|090|120|180|270|365"


def _cohorts() -> Panel:
    sizes = named(newest(m.COHORT_SIZE, by=("cohort",)), "period", "Size")
    return cohorts(
        Told(
            "Weekly cohorts",
            "Each row is the users who came in the week of that Monday; each column the share that was "
            "active so many "
            "weeks later. Weeks that are not over are empty.",
            "A column that turns red from one row on: something changed for new users. A diagonal: for "
            "everybody.",
            "retention",
        ),
        Query(either(sizes, newest(m.COHORT_RETENTION, by=("cohort", "period"))), "", "table"),
        row="cohort",
        column="period",
    )


def _lines() -> Panel:
    mean = named(newest(m.COHORT_MEAN, by=("period",)), "cohort", "weighted mean")
    both = either(mean, newest(m.COHORT_RETENTION, by=("cohort", "period")))
    return by_number(
        Told(
            "Retention lines",
            "The same cohorts as lines over weeks; the thick one is the mean of all, weighted by their "
            "sizes.",
            "Young cohorts below the thick line leave sooner than those before: look at onboarding.",
            "retention",
        ),
        "percentunit",
        Query(numbered(both, "period", "W0*(.+)"), "", "table"),
        line="cohort",
        shown="Week",
        axis="weeks since the first",
        height=10,
        most=1,
        bold="weighted mean",
    )


def _curve(*matchers: str) -> str:
    return newest(m.SURVIVAL, *matchers, by=("day", "bound"))


def _survival() -> list[list[Panel]]:
    kind, group = "group_kind", "group"
    return [
        [
            survival(
                Told(
                    "Survival of everybody",
                    "Kaplan-Meier: the share of users not lost so many days after their first, with its "
                    "95 % band. Users "
                    "who are followed for less long count as long as they are.",
                    "A steep beginning is onboarding; a steady slope is the product.",
                    "/v1/survival?table=curves&group=all",
                ),
                Query(_curve('group_kind="all"'), "", "table"),
                axis=_AXIS,
            ),
            curves(
                Told(
                    "Survival by group",
                    "The same for each value of the dimension that is chosen above, without bands.",
                    "Where curves part, ask what these users were promised; p beneath says whether it may "
                    "be chance.",
                    "/v1/survival?table=curves",
                ),
                Query(
                    chosen(m.SURVIVAL, 'bound="estimate"', by=("group", "day"), kind=kind, group=group),
                    "",
                    "table",
                ),
                line="group",
                axis=_AXIS,
            ),
        ],
        [
            survival(
                Told(
                    "Survival: $group",
                    "One group with its 95 % band. Bands that lie apart are different; those that overlap "
                    "may be.",
                    "A wide band has few users: wait, or choose a coarser dimension.",
                    "/v1/survival?table=curves&group=${group}",
                ),
                Query(_curve('group_kind="$by"', 'group="$group"'), "", "table"),
                axis=_AXIS,
                width=24,
                height=8,
                repeated="group",
            )
        ],
        [
            grid(
                Told(
                    "Number at risk",
                    "Users who were followed up to a day and not lost before it: what the curves rest on.",
                    "Below some 30 users, do not read the curve beyond that day.",
                    "/v1/survival?table=curves",
                ),
                "none",
                Query(
                    chosen(
                        m.SURVIVAL_AT_RISK, f'day=~"{_MILESTONES}"', by=("group", "day"), kind=kind, group=group
                    ),
                    "",
                    "table",
                ),
                row="group",
                column="day",
                shown="Group",
                numeric=True,
            ),
            ranked(
                Told(
                    "Median days until lost",
                    "Days until half of a group are lost; groups that have not come to that are absent.",
                    "Compare with the time that a user needs to pay back what it cost.",
                    "/v1/survival?table=medians",
                    empty="no group has lost half of its users yet.",
                ),
                "d",
                Query(
                    f"({chosen(m.SURVIVAL_MEDIAN, by=('group',), kind=kind, group=group)}) / 86400", "", "table"
                ),
                columns={"group": "Group"},
                figure="Median",
                width=6,
                decimals=0,
            ),
            beside(
                Told(
                    "Do groups differ?",
                    "Log-rank test of all groups of a dimension at once: p is how likely such a "
                    "difference is by chance.",
                    "Below 0.05 it is worth an explanation; above, do not tell stories about the curves.",
                    "/v1/survival?table=logrank",
                ),
                "none",
                [
                    Query(newest(m.LOGRANK_P, by=("group_kind",)), "", "table"),
                    Query(newest(m.LOGRANK_STATISTIC, by=("group_kind",)), "", "table"),
                ],
                columns={"group_kind": "Dimension"},
                figures=(("p", "none"), ("χ²", "none")),
                width=6,
            ),
        ],
    ]  # fmt: skip


BOARD: Final = Board(
    uid="ebbwatch-retention",
    title="Ebbwatch: retention and survival",
    description="Who stays, for how long, and whether groups differ. Of the batch jobs' last results.",
    variables=(
        variables.source(), variables.api(), variables.by(("plan", "channel", "platform", "geography", "all")),
        *variables.dimensions(),
        variables.values_of(
            "group", f'label_values({m.SURVIVAL}{{group_kind="$by"}}, group)', "Curves of",
            "Groups of the chosen dimension that have a panel of their own.",
        ),
    ),
    sections=(
        Section("Cohorts", [[_cohorts()], [_lines(), age_of("retention", "survival", height=10)]]),
        Section("Survival", _survival()),
    ),
)  # fmt: skip
