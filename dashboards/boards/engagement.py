"""Engagement and features: how much the product is used, by whom, and which parts of it."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import metrics as m
from dashboards.boards.shared import age_of
from dashboards.panels import variables
from dashboards.panels.board import Board, Section
from dashboards.panels.figures import bars, figure
from dashboards.panels.matrices import grid
from dashboards.panels.queries import Query
from dashboards.panels.tables import beside
from dashboards.panels.told import Told
from dashboards.panels.trends import by_number
from dashboards.promql import before, chosen, greatest_first, newest

_EVERYBODY: Final = 'dimension="all"'
_SEGMENT: Final = 'segment=~"$segment"'
_STATES: Final = (("new", "blue"), ("kept", "green"), ("resurrected", "purple"), ("dormant", "orange"))


def _now() -> list[Panel]:
    users = [
        figure(
            Told(
                title,
                f"Distinct users of {span}, at the as-of.",
                "Compare with its course beneath; weekdays differ, so compare with the same weekday.",
                "/v1/engagement?table=activity",
            ),
            "short",
            [Query(newest(m.ACTIVE_USERS, _EVERYBODY, f'window="{window}"'), "", "instant")],
            width=5,
        )
        for title, window, span in (
            ("DAU", "day", "the last day"),
            ("WAU", "week", "the last 7 days"),
            ("MAU", "month", "the last 30 days"),
        )
    ]
    return [
        *users,
        figure(
            Told(
                "Stickiness",
                "DAU over MAU: the share of the month's users who came on the last day.",
                "If it falls and MAU does not, users still come, and less often: the first sign of churn.",
                "use",
            ),
            "percentunit",
            [Query(newest(m.STICKINESS, _EVERYBODY), "", "instant")],
            width=4,
            decimals=1,
        ),
        figure(
            Told(
                "New and back, for each that went",
                "Quick ratio of the last complete week: new and resurrected users over those who became "
                "dormant.",
                "Below 1 the product shrinks, whatever the number of users says.",
                "use",
            ),
            "none",
            [Query(_quick_ratio(), "", "instant")],
            width=5,
            decimals=2,
            bounds=((None, "red"), (1, "green")),
        ),
    ]


def _quick_ratio() -> str:
    def last(states: str) -> str:
        return newest(m.LIFECYCLE, f'state=~"{states}"', 'ago="000"', by=("state",))

    return f"sum({last('new|resurrected')}) / (sum({last('dormant')}) > 0)"


def _courses() -> list[Panel]:
    return [
        by_number(
            Told(
                "DAU, WAU and MAU",
                "Distinct users of each day, and of the 7 and 30 days that end with it, by days before "
                "the as-of.",
                "MAU moves last: a fall of WAU tells of it three weeks before.",
                "use",
            ),
            "short",
            Query(before(newest(m.DAILY_ACTIVE_USERS, _EVERYBODY, by=("window", "ago"))), "", "table"),
            line="window",
            shown="Day",
            axis="days before the last",
        ),
        by_number(
            Told(
                "Weekly users, told apart",
                "Distinct users of the 7 days that end with each day, by the dimension that is chosen above.",
                "One line that falls alone has a cause of its own: a release, a campaign, a price.",
                "/v1/engagement?table=activity",
            ),
            "short",
            Query(
                before(chosen(m.DAILY_ACTIVE_USERS, 'window="week"', by=("value", "ago"))), "", "table"
            ),
            line="value",
            shown="Day",
            axis="days before the last",
        ),
    ]  # fmt: skip


def _lifecycle() -> list[Panel]:
    return [
        by_number(
            Told(
                "Lifecycle",
                "Users of each complete week: new, kept from the week before, back after a pause "
                "(resurrected); and those "
                "of the week before who did not come (dormant).",
                "Kept is what the product earns; new is bought. More dormant than new and resurrected: "
                "see churn.",
                "use",
            ),
            "short",
            Query(before(newest(m.LIFECYCLE, by=("state", "ago"))), "", "table"),
            line="state",
            shown="Week",
            axis="weeks before the last complete one",
            colours=_STATES,
        ),
        bars(
            Told(
                "Stickiness, told apart",
                "DAU over MAU by the dimension that is chosen above.",
                "What the stickiest group has in common is what to show the others first.",
                "/v1/engagement?table=activity",
            ),
            "percentunit",
            [Query(greatest_first(chosen(m.STICKINESS, by=("value",))), "{{value}}", "instant")],
            width=12,
            height=9,
            decimals=0,
            most=1,
        ),
    ]


def _features() -> list[Panel]:
    return [
        by_number(
            Told(
                "Feature use by week",
                "Of the users active in a complete week, the share that used a feature; the ten with the "
                "most users.",
                "One that falls alone: was it moved, renamed or broken?",
                "use",
            ),
            "percentunit",
            Query(before(newest(m.FEATURE_ADOPTION, by=("feature", "ago"))), "", "table"),
            line="feature",
            shown="Week",
            axis="weeks before the last complete one",
        ),
        bars(
            Told(
                "Feature use in the last week",
                "Users of each feature in the last complete week.",
                "What few know and those who stay use belongs into onboarding.",
                "/v1/engagement?table=features",
            ),
            "short",
            [
                Query(
                    greatest_first(newest(m.FEATURE_USERS, 'ago="000"', by=("feature",))),
                    "{{feature}}",
                    "instant",
                )
            ],
            width=12,
            height=9,
            decimals=0,
        ),
    ]


def _segments() -> list[Panel]:
    return [
        beside(
            Told(
                "Segments",
                "Users by how they behave, and what share of all they are; churn of those who were in it "
                "a period ago, "
                "with 95 % limits.",
                "A segment says how, not why: talk to some of its users before you act.",
                "/v1/segments?table=segments",
            ),
            "none",
            [
                Query(newest(m.SEGMENT_USERS, _SEGMENT, by=("segment",)), "", "table"),
                Query(newest(m.SEGMENT_SHARE, _SEGMENT, by=("segment",)), "", "table"),
                *(
                    Query(newest(m.SEGMENT_CHURN, _SEGMENT, f'bound="{bound}"', by=("segment",)), "", "table")
                    for bound in ("lower", "estimate", "upper")
                ),
            ],
            columns={"segment": "Segment"},
            figures=(
                ("Users", "short"), ("Share", "percentunit"), ("Churn, at least", "percentunit"),
                ("Churn", "percentunit"), ("Churn, at most", "percentunit"),
            ),
            sort="Users",
            bars=("Share",),
        ),
        grid(
            Told(
                "Movement between segments",
                "Users by their segment in the run before (rows) and in the last one (columns); none: not "
                "there.",
                "Out of Power Users into Casual is the move to catch early.",
                "/v1/segments?table=movement",
                empty="it takes two runs of the batch jobs.",
            ),
            "none",
            Query(newest(m.SEGMENT_MOVED, by=("from", "to")), "", "table"),
            row="from",
            column="to",
            shown="Before",
        ),
    ]  # fmt: skip


BOARD: Final = Board(
    uid="ebbwatch-engagement",
    title="Ebbwatch: engagement and features",
    description="How much the product is used, by whom, and which parts of it. Of the last batch run.",
    variables=(
        variables.source(), variables.api(), variables.by(), *variables.dimensions(),
        variables.segment(),
    ),
    sections=(
        Section("Now", [_now()]),
        Section("Over time", [_courses(), _lifecycle()]),
        Section("Features", [_features()]),
        Section("Segments", [_segments(), [age_of("engagement", "segments", width=24, height=5)]]),
    ),
)  # fmt: skip
