"""Model: who serves, how good it is beside the challengers, whether its probabilities hold, and what has drifted."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import metrics as m
from dashboards.boards.shared import DRIFTS, PROMOTIONS, VERSIONS
from dashboards.panels import variables
from dashboards.panels.board import Board, Section
from dashboards.panels.figures import bars, figure
from dashboards.panels.lines import lines
from dashboards.panels.queries import Query
from dashboards.panels.tables import beside, ranked
from dashboards.panels.told import Told
from dashboards.panels.trends import by_number
from dashboards.promql import grown, numbered, where

_SERVES: Final = f"({m.SERVES_SHARE} >= 0.5)"
_CHOSEN: Final = 'contestant=~"$contestant"'


def _of_champion(metric: str) -> str:
    return f"max({metric} and on (contestant) {_SERVES})"


def _now() -> list[Panel]:
    return [
        bars(
            Told(
                "Who serves",
                "Share of the users whom each contestant serves; during a roll-out there are two.",
                "`ebbwatch model show` says since when, and on what evidence.",
                "new-version",
            ),
            "percentunit",
            [Query(f"max by (contestant) ({m.SERVES_SHARE})", "{{contestant}}", "instant")],
            width=6,
            height=5,
            most=1,
            decimals=0,
        ),
        figure(
            Told(
                "AUC of who serves",
                "Rolling, of predictions as they were made: how well those who leave are told from those "
                "who stay. 0.5 is "
                "chance.",
                "A fall of all contestants is the users'; of this one alone, the model's.",
                "model-degraded",
            ),
            "none",
            [Query(_of_champion(m.ROC_AUC))],
            width=4,
            height=5,
            decimals=3,
            line=True,
        ),
        figure(
            Told(
                "Observed over expected",
                "Losses that came over those that were foretold by who serves; 1 is right.",
                "Outside of 0.9 to 1.1, money figures are off by as much; ranking still holds.",
                "model-degraded",
            ),
            "none",
            [Query(_of_champion(m.OBSERVED_OVER_EXPECTED), "", "instant")],
            width=4,
            height=5,
            decimals=2,
            bounds=((None, "orange"), (0.9, "green"), (1.1, "orange")),
        ),
        figure(
            Told(
                "Calibration slope",
                "Of who serves: 1 is right, below 1 it is too sure of itself, above 1 too timid.",
                "Outside of 0.85 to 1.15 for weeks: see Calibration beneath.",
                "model-degraded",
            ),
            "none",
            [Query(_of_champion(m.CALIBRATION_SLOPE), "", "instant")],
            width=4,
            height=5,
            decimals=2,
            bounds=((None, "orange"), (0.85, "green"), (1.15, "orange")),
        ),
        figure(
            Told(
                "Alarms and refusals",
                "Drift alarms since the trainer's start, and versions that workers could not take.",
                "Refused: the worker's log says why. Drift: look at the features beneath.",
                "drift",
            ),
            "short",
            [
                Query(f"sum({m.DRIFT_ALARMS})", "drift", "instant"),
                Query(f"sum({m.REFUSED_VERSIONS})", "refused", "instant"),
            ],
            width=6,
            height=5,
            bounds=((None, "text"), (1, "orange")),
        ),
    ]


def _contestants() -> list[list[Panel]]:
    return [
        [
            lines(
                Told(
                    "Log loss by contestant",
                    "Rolling mean over the last 20,000 settled examples, of predictions as they were "
                    "made; lower is "
                    "better. Marks are versions and decisions.",
                    "A challenger that stays below is promoted when the evidence suffices; nothing has to "
                    "be done.",
                    "model-degraded",
                ),
                "none",
                [Query(f"max by (contestant) ({where(m.LOG_LOSS, _CHOSEN)})", "{{contestant}}")],
                least=None,
            ),
            lines(
                Told(
                    "AUC by contestant",
                    "The same for ranking: higher is better, 0.5 is chance.",
                    "All fall together: users changed, or an event type broke.",
                    "model-degraded",
                ),
                "none",
                [Query(f"max by (contestant) ({where(m.ROC_AUC, _CHOSEN)})", "{{contestant}}")],
                least=None,
            ),
        ],
        [
            beside(
                Told(
                    "Champion and challengers",
                    "All contestants side by side, rolling; Serves is the share of the users.",
                    "`ebbwatch model compare` has intervals, and every part of the users.",
                    "/v1/model/metrics",
                ),
                "none",
                [
                    Query(f"max by (contestant) ({where(metric, _CHOSEN)})", "", "table")
                    for metric in (
                        m.LOG_LOSS, m.ROC_AUC, m.BRIER, m.CALIBRATION_ERROR, m.CALIBRATION_SLOPE, m.TRAINER_LEARNED,
                        m.TRAINER_BYTES, m.SERVES_SHARE,
                    )
                ],
                columns={"contestant": "Contestant"},
                figures=(
                    ("Log loss", "none"), ("AUC", "none"), ("Brier", "none"), ("Calibration error", "percentunit"),
                    ("Slope", "none"), ("Learned", "short"), ("Memory", "bytes"), ("Serves", "percentunit"),
                ),
                width=24,
            )
        ],
    ]  # fmt: skip


def _calibration() -> list[Panel]:
    served = f"max by (side, bin) ({m.RELIABILITY} and on (contestant) {_SERVES})"
    return [
        by_number(
            Told(
                "Calibration of who serves",
                "Past predictions in bins of equal weight, the lowest first: what was said, and what "
                "share was lost, with "
                "95 % limits.",
                "Said above upper, or below lower: it is off there, and money figures with it.",
                "model-degraded",
            ),
            "percentunit",
            Query(numbered(served, "bin"), "", "table"),
            line="side",
            shown="Bin",
            axis="bins, from the lowest prediction to the highest",
            most=1,
            bold="predicted",
            colours=(("observed", "blue"), ("lower", "light-blue"), ("upper", "light-blue")),
        ),
        lines(
            Told(
                "Calibration over time",
                "Observed over expected losses by contestant; 1 is right.",
                "A slow drift away from 1 is corrected by the next version's calibration; a step is a "
                "change of users.",
                "model-degraded",
            ),
            "none",
            [Query(f"max by (contestant) ({where(m.OBSERVED_OVER_EXPECTED, _CHOSEN)})", "{{contestant}}")],
            height=9,
            least=None,
        ),
    ]


def _drift() -> list[Panel]:
    return [
        ranked(
            Told(
                "Drift of features",
                "Population stability index of the last week against the reference, the ten greatest. "
                "Above 0.2 in two "
                "consecutive weeks is an alarm.",
                "A feature that jumped to the top: was its event type renamed, or broken?",
                "drift",
                empty="a week needs 200 snapshots, and there is no reference before two steady weeks.",
            ),
            "none",
            Query(f"topk(10, max by (feature) ({m.FEATURE_PSI}))", "", "table"),
            columns={"feature": "Feature"},
            figure="PSI",
            width=8,
            decimals=3,
            bounds=((None, "green"), (0.1, "yellow"), (0.2, "red")),
        ),
        lines(
            Told(
                "Greatest drift over time",
                "The greatest index of any feature, beside the alarms.",
                "It need not come back by itself: after an alarm the reference begins anew.",
                "drift",
            ),
            "none",
            [Query(f"max({m.FEATURE_PSI})", "greatest PSI"), Query(f"sum({m.DRIFT_ALARMS})", "alarms")],
            width=8,
        ),
        beside(
            Told(
                "Versions that serve",
                "Version by version: who serves now, and how many were published since the trainer's start.",
                "`ebbwatch model list` has all; `rollback` and `pin` change who serves.",
                "/v1/model/versions",
            ),
            "none",
            [
                Query(f"max by (contestant, version) ({m.SERVING_VERSION})", "", "table"),
            ],
            columns={"contestant": "Contestant", "version": "Version"},
            figures=(("Serves", "bool_yes_no"),),
            width=8,
        ),
    ]


def _training() -> list[Panel]:
    return [
        lines(
            Told(
                "Decisions and versions",
                "Decisions of the tournament and of operators by kind, and versions published, in steps "
                "of the time shown.",
                "`ebbwatch model show` has the evidence of the last five.",
                "new-version",
            ),
            "short",
            [
                Query(f"sum by (kind) ({m.DECISIONS})", "{{kind}}"),
                Query(f"sum by (contestant) ({m.PUBLISHED})", "published: {{contestant}}"),
            ],
            steps=True,
        ),
        lines(
            Told(
                "Swap of versions",
                "How long scoring pauses for a new version, 99 of 100 swaps.",
                "Above 50 ms: the version is large, see Memory above.",
                "new-version",
                empty="no version was swapped in the time shown.",
            ),
            "s",
            [Query(f"histogram_quantile(0.99, {grown(m.SWAP_TIME + '_bucket', by=('le',))})", "p99")],
            width=6,
        ),
        lines(
            Told(
                "Examples that wait",
                "Snapshots that were predicted and whose outcome is not due yet.",
                "It is the horizon times snapshots a day; a fall says that users at risk became fewer.",
                "lag",
            ),
            "short",
            [Query(f"max({m.TRAINER_WAITING})", "waiting")],
            width=6,
        ),
    ]


def _contestant() -> variables.Variable:
    return variables.values_of(
        "contestant",
        f"label_values({m.TRAINER_LEARNED}, contestant)",
        "Contestant",
        "Narrows what is told by contestant.",
    )


BOARD: Final = Board(
    uid="ebbwatch-model",
    title="Ebbwatch: model",
    description="Who serves, how good it is beside the challengers, whether probabilities hold, what has drifted.",
    variables=(variables.source(), variables.api(), _contestant()),
    annotations=(PROMOTIONS, VERSIONS, DRIFTS),
    sections=(
        Section("Now", [_now()]),
        Section("Champion and challengers", _contestants()),
        Section("Calibration", [_calibration()]),
        Section("Drift and versions", [_drift(), _training()]),
    ),
    since="now-24h",
)
