"""Risk now: who is in danger, who has moved, what became of the alerts, and whether they were right."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import metrics as m
from dashboards.boards.shared import DRIFTS, PROMOTIONS, VERSIONS
from dashboards.panels import variables
from dashboards.panels.board import Board, Section
from dashboards.panels.figures import bars, figure
from dashboards.panels.lines import lines
from dashboards.panels.matrices import grid
from dashboards.panels.queries import Query
from dashboards.panels.tables import beside, ranked
from dashboards.panels.told import Told
from dashboards.promql import chosen, equal, greatest_first, grown, newest, where

TIERS: Final = (("high", "red"), ("medium", "orange"), ("low", "green"))
_ORDER: Final = ("low", "medium", "high")
_SEGMENT: Final = 'segment=~"$segment"'
_SEGMENT_GROUP: Final = 'grouping="segment"'
_STEPS: Final = "acknowledge|snooze|resolve|dismiss|assign|feedback"


def _now() -> list[Panel]:
    tiers = [
        figure(
            Told(
                f"In the {tier} tier",
                f"Users at risk whose probability of a loss within the horizon is in the {tier} tier, as of their "
                "last event or the last sweep.",
                act,
                "high-tier",
            ),
            "short",
            [Query(f"max({where(m.USERS_AT_RISK, equal('tier', tier))})")],
            bounds=((None, colour),),
            line=True,
        )
        for (tier, colour), act in zip(
            TIERS,
            (
                "The ranking by value names them; contact from its top.",
                "Watch those who rise; `sort=changed` of the ranking has them first.",
                "Nothing; if this falls while the others rise, see Tiers over time.",
            ),
            strict=True,
        )
    ]
    return [
        *tiers,
        figure(
            Told(
                "Brake on alerts",
                "1 while a partition's brake holds alerts back: hardly any events came, or very many "
                "users rose at once.",
                "`ebbwatch alerts status` says why; a broken pipe looks like everybody leaving.",
                "alert-brake",
            ),
            "none",
            [Query(f"max({m.ALERTS_HELD}) or vector(0)", "", "instant")],
            bounds=((None, "green"), (1, "red")),
        ),
        figure(
            Told(
                "Handed out today",
                "Alerts that triage has handed out since midnight, UTC. History that is replayed hands "
                "out none.",
                "At the budget before noon: raise `EBBWATCH_ALERT_BUDGET` if the team has room.",
                "alerts-wait",
            ),
            "short",
            [Query(f"max({m.ALERTS_RELEASED})", "", "instant")],
        ),
        figure(
            Told(
                "Nobody has taken up",
                "Alerts that were handed out and that nobody has acknowledged; they lapse after a week.",
                "If it grows, nobody reads the feed: who owns it?",
                "alerts-wait",
            ),
            "short",
            [Query(f"max({where(m.ALERTS_STANDING, equal('state', 'open'))})", "", "instant")],
            bounds=((None, "text"), (50, "orange")),
        ),
    ]


def _courses() -> list[Panel]:
    return [
        lines(
            Told(
                "Tiers over time",
                "Users at risk by tier, stacked. Steps at a marked version are changed thresholds, not "
                "changed users.",
                "A jump without a mark: look at Events on the board Operations before you believe it.",
                "high-tier",
            ),
            "short",
            [Query(f"max by (tier) ({m.USERS_AT_RISK})", "{{tier}}")],
            stacked=True,
            colours=TIERS,
        ),
        lines(
            Told(
                "Alerts that were raised",
                "Alerts a second by kind. Whether one is handed out is the decision of triage, beneath.",
                "Many at one moment: is the brake on, does a new version serve?",
                "alerts-wait",
                empty="no tier has changed in the time shown.",
            ),
            "eps",
            [Query(f"sum by (kind) (rate({m.ALERTS}[$__rate_interval]))", "{{kind}}")],
        ),
    ]


def _movers() -> list[Panel]:
    return [
        grid(
            Told(
                "Movers: users",
                "Users at risk by their tier of a week ago (rows) and of now (columns), of the last batch "
                "run.",
                "Upwards to high are the early warnings: the batch job lists them, the most money first.",
                "/v1/value?table=tier_moves",
                empty="it takes scores of two weeks.",
            ),
            "none",
            Query(newest(m.TIER_MOVED, by=("from", "to")), "", "table"),
            row="from",
            column="to",
            shown="A week ago",
            first=_ORDER,
        ),
        grid(
            Told(
                "Movers: revenue at risk",
                "Expected revenue times probability, of the same users, in your currency.",
                "A large figure towards high is worth a call today.",
                "money-at-risk",
                empty="it takes scores of two weeks.",
            ),
            "none",
            Query(newest(m.TIER_MOVED_REVENUE, by=("from", "to")), "", "table"),
            row="from",
            column="to",
            shown="A week ago",
            first=_ORDER,
        ),
    ]


def _handling() -> list[Panel]:
    calls = grown(m.REQUESTS, f'route=~"/v1/alerts/.*/({_STEPS})"', 'status=~"2.."', by=("route",))
    return [
        bars(
            Told(
                "Where alerts stand",
                "Waiting for the day's budget; handed out and not taken up (open); acknowledged; snoozed "
                "until later.",
                "Waiting ones lapse at midnight; open ones need a reader.",
                "alerts-wait",
            ),
            "short",
            [
                Query(f"max({where(m.ALERTS_STANDING, equal('state', state))})", state, "instant")
                for state in ("waiting", "open", "acknowledged", "snoozed")
            ],
            decimals=0,
        ),
        ranked(
            Told(
                "What people did",
                "Steps that people took on alerts in the time shown, by the API's call; also what they "
                "said came of it.",
                "Many dismissed as wrong: compare with the measured precision beside.",
                "alerts-wait",
                empty="nobody has worked with alerts in the time shown.",
            ),
            "short",
            Query(calls, "", "table"),
            columns={"route": "Call"},
            figure="Times",
            width=8,
            decimals=0,
        ),
        grid(
            Told(
                "Precision of past alerts",
                "Of past snapshots that the champion put into a tier, the share that was lost, with 95 % "
                "limits, and how "
                "many they rest on. Of users whom nobody treated.",
                "High below 50 %: raise the threshold, or see the board Model.",
                "model-degraded",
            ),
            "percentunit",
            Query(newest(m.TIER_PRECISION, by=("tier", "bound")), "", "table"),
            row="tier",
            column="bound",
            shown="Tier",
            width=8,
        ),
    ]


def _segments() -> list[Panel]:
    money = newest(m.REVENUE_AT_RISK, _SEGMENT_GROUP, 'group=~"$segment"', 'part="at_risk"', by=("group",))
    return [
        beside(
            Told(
                "Top segments",
                "Segments by users: the churn of those who were in it a period ago, revenue of 90 days, "
                "and what is at "
                "risk of the next 30, in your currency.",
                "Many users with high churn and revenue come first; `segment=` of the ranking names them.",
                "/v1/segments?table=segments",
            ),
            "none",
            [
                Query(newest(m.SEGMENT_USERS, _SEGMENT, by=("segment",)), "", "table"),
                Query(newest(m.SEGMENT_CHURN, _SEGMENT, 'bound="estimate"', by=("segment",)), "", "table"),
                Query(newest(m.SEGMENT_REVENUE, _SEGMENT, by=("segment",)), "", "table"),
                Query(
                    f'max by (segment) (label_replace({money},"segment","$1","group","(.+)"))', "", "table"
                ),
            ],
            columns={"segment": "Segment"},
            figures=(
                ("Users", "short"), ("Churn", "percentunit"), ("Revenue", "short"), ("At risk", "short")
            ),
            width=24,
            sort="Users",
            bars=("Churn",),
        ),
    ]  # fmt: skip


def _groups() -> list[Panel]:
    return [
        grid(
            Told(
                "Tiers, told apart",
                "Users at risk by the dimension that is chosen above (rows) and by tier (columns), of the last batch "
                "run.",
                "A row whose high tier is out of proportion: see its churn on the board Executive overview.",
                "high-tier",
                empty="it takes scores that were taken from the store, or a ledger.",
            ),
            "none",
            Query(chosen(m.TIER_USERS, by=("group", "tier"), kind="grouping", group="group"), "", "table"),
            row="group",
            column="tier",
            shown="Group",
            first=_ORDER,
        ),
        bars(
            Told(
                "Revenue at risk, told apart",
                "Expected revenue times the probability of losing it, by the dimension that is chosen above.",
                "Begin where the bar is longest.",
                "money-at-risk",
            ),
            "short",
            [
                Query(
                    greatest_first(
                        chosen(
                            m.REVENUE_AT_RISK, 'part="at_risk"', by=("group",), kind="grouping", group="group"
                        )
                    ),
                    "{{group}}",
                    "instant",
                )
            ],
            width=12,
            decimals=0,
        ),
    ]


BOARD: Final = Board(
    uid="ebbwatch-risk",
    title="Ebbwatch: risk now",
    description="Who is in danger, who has moved, what became of the alerts, and whether they were right.",
    variables=(
        variables.source(), variables.api(), variables.by(), *variables.dimensions(),
        variables.segment(),
    ),
    annotations=(PROMOTIONS, VERSIONS, DRIFTS),
    sections=(
        Section("Now", [_now()]),
        Section("Over time", [_courses(), _movers()]),
        Section("Alerts and their handling", [_handling()]),
        Section("Where", [_segments(), _groups()]),
    ),
    refresh="30s",
)  # fmt: skip
