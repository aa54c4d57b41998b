"""Executive overview: how many users there are, how many leave, what that costs, and where."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import metrics as m
from dashboards.boards.shared import PROMOTIONS, age_of, course_of_churn
from dashboards.panels import variables
from dashboards.panels.board import Board, Section
from dashboards.panels.figures import bars, figure
from dashboards.panels.queries import Query
from dashboards.panels.told import Told
from dashboards.panels.trends import by_number
from dashboards.promql import before, chosen, greatest_first, named, newest, numbered, of

CHURN: Final = ((None, "green"), (0.1, "yellow"), (0.2, "orange"), (0.35, "red"))
"""Colours of churn rates by months; what is much differs from product to product."""
EVERYBODY: Final = 'grouping="all"'
ESTIMATE: Final = 'bound="estimate"'


def _pair(name: str) -> list[Query]:
    return [
        Query(newest(m.OVERVIEW_USERS, f'figure="{name}"', f'period="{period}"'), legend, "instant")
        for period, legend in (("now", "now"), ("before", "a period before"))
    ]


def _key_figures() -> list[Panel]:
    return [
        figure(
            Told(
                "Users",
                "Everybody who was ever seen, now and a period (the inactivity limit, 30 days) before.",
                "If it stands still, nobody new comes: look at the channels.",
                "/v1/overview?table=figures",
            ),
            "short",
            _pair("users"),
        ),
        figure(
            Told(
                "Active users",
                "Users with activity in the last period (30 days), and in the one before.",
                "If it falls while Users grows, more leave than come: see the churn rate.",
                "use",
            ),
            "short",
            _pair("active"),
        ),
        figure(
            Told(
                "Churn rate",
                "Of the users who were active in the period before the last one, the share without "
                "activity since.",
                "Above 20 %, see beneath which referral source or platform it comes from.",
                "churn",
            ),
            "percentunit",
            [Query(newest(m.CHURN_RATIO, 'dimension="all"'), "", "instant")],
            decimals=1,
            bounds=CHURN,
        ),
        figure(
            Told(
                "Conversion",
                "Of the users active in the last complete week, the share with a conversion on a day of "
                "activity.",
                "Compare with its course below; after a fall, look at what changed on the way to an order.",
                "/v1/engagement?table=conversion",
            ),
            "percentunit",
            [Query(newest(m.CONVERSION, 'ago="000"'), "", "instant")],
            decimals=1,
        ),
        figure(
            Told(
                "Lifetime value",
                "Cumulative margin of one user up to the last month that is told, in your currency.",
                "Do not pay more than this for a new user; compare channels before you move a budget.",
                "/v1/value?table=ltv",
            ),
            "short",
            [Query(newest(m.LIFETIME_VALUE, EVERYBODY, ESTIMATE), "", "instant")],
            decimals=0,
        ),
        figure(
            Told(
                "Revenue at risk",
                "Expected revenue of the horizon (30 days) times the probability of losing it; then what "
                "of it could "
                "be saved. In your currency.",
                "Contact users from the top of the ranking by value, while the gain is positive.",
                "money-at-risk",
            ),
            "short",
            [
                Query(newest(m.REVENUE_AT_RISK, EVERYBODY, 'part="at_risk"'), "at risk", "instant"),
                Query(newest(m.REVENUE_AT_RISK, EVERYBODY, 'part="recoverable"'), "recoverable", "instant"),
            ],
            decimals=0,
        ),
    ]


def _apart() -> Panel:
    told = Told(
        "Churn rate by week, told apart",
        "The same by the dimension that is chosen above, a line for each value. Small groups jump about.",
        "One line that leaves the others has a cause of its own; all of them together have a common one.",
        "churn",
    )
    rates = chosen(m.WEEKLY_CHURN, ESTIMATE, by=("value", "ago"))
    return by_number(
        told, "percentunit", Query(before(rates), "", "table"), line="value", shown="Week",
        axis="weeks before the last Monday",
    )  # fmt: skip


def _churn_by(dimension: str, title: str, act: str) -> Panel:
    told = Told(
        title,
        "Of the users of each who could be lost in the last period, the share that was. Few users make "
        "wide swings: "
        "the API has their number.",
        act,
        "/v1/overview?table=churn",
    )
    rates = greatest_first(newest(m.CHURN_RATIO, *of(dimension), by=("value",)))
    return bars(
        told, "percentunit", [Query(rates, "{{value}}", "instant")], decimals=1, bounds=CHURN, most=1
    )  # fmt: skip


def _money() -> list[Panel]:
    at_risk = chosen(m.REVENUE_AT_RISK, 'part="at_risk"', by=("group",), kind="grouping", group="group")
    worth = newest(m.LIFETIME_VALUE, EVERYBODY, by=("months", "bound"))
    return [
        bars(
            Told(
                "Revenue at risk, told apart",
                "Expected revenue times the probability of losing it, by the dimension that is chosen above.",
                "Begin where the bar is longest; the ranking by value names the users.",
                "money-at-risk",
            ),
            "short",
            [Query(greatest_first(at_risk), "{{group}}", "instant")],
            decimals=0,
        ),
        by_number(
            Told(
                "Lifetime value by age",
                "Cumulative margin of one original member by months of 30 days since the first day, with "
                "95 % limits; "
                "the last months may be an extrapolation.",
                "A curve that flattens early says that users leave before they pay back: see retention.",
                "/v1/value?table=ltv",
            ),
            "short",
            Query(numbered(worth, "months"), "", "table"),
            line="bound",
            shown="Month",
            axis="months since the first day",
            width=8,
            height=8,
            bold="estimate",
            least=None,
        ),
        bars(
            Told(
                "Funnel",
                "Users who came since the log began; who of them was ever active, began a trial, paid.",
                "The step with the greatest loss is where work pays.",
                "/v1/engagement?table=funnel",
            ),
            "short",
            [
                Query(newest(m.FUNNEL, f'stage="{stage}"'), name, "instant")
                for stage, name in (
                    ("users", "came"), ("active", "active"), ("trials", "began a trial"), ("paid", "paid")
                )
            ],
            decimals=0,
        ),
    ]  # fmt: skip


def _conversion() -> Panel:
    return by_number(
        Told(
            "Conversion by week",
            "Of the users active in a complete week, the share with a conversion.",
            "Compare a fall with releases, prices and campaigns of that week.",
            "/v1/engagement?table=conversion",
        ),
        "percentunit",
        Query(before(named(newest(m.CONVERSION, by=("ago",)), "what", "conversion")), "", "table"),
        line="what",
        shown="Week",
        axis="weeks before the last complete one",
    )


BOARD: Final = Board(
    uid="ebbwatch-overview",
    title="Ebbwatch: executive overview",
    description="How many users there are, how many leave, what that costs, and where. Of the last batch run.",
    variables=(
        variables.source(), variables.api(), variables.by(), *variables.dimensions(),
    ),
    annotations=(PROMOTIONS,),
    sections=(
        Section("Key figures", [_key_figures()]),
        Section("Churn", [
            [course_of_churn(), _apart()],
            [
                _churn_by("channel", "Churn by referral source", "Spend less where users leave at once."),
                _churn_by("platform", "Churn by platform", "One bad platform: look at its last release."),
                _churn_by("plan", "Churn by plan", "Paid plans with churn like free ones are priced for nobody."),
            ],
        ]),
        Section("Money and conversion", [_money(), [_conversion(), age_of("overview", "engagement", "value")]]),
    ),
)  # fmt: skip
