"""The page of an evaluation: one HTML file that needs nothing else."""

from typing import Any, Final

import jinja2
import numpy as np
from markupsafe import Markup

from domain.calendar import DAY_MS
from domain.catalogue import CATALOGUE, INDEX
from ebbwatch.evaluation import pictures
from ebbwatch.evaluation.findings import Findings, moment
from online_model.explain.labels import LABELS
from online_model.quality.metrics import CONTACT, Metrics
from online_model.quality.ranking import Top, ranked
from online_model.tiers import RANKED, Thresholds
from online_model.training.contestants import BASELINE
from online_model.training.settle import CHAMPION

_SILENCE: Final = "silence:"
_MONTH: Final = "month:"
_POINTS: Final = 200
_IMPORTANT: Final = 12
_TOP: Final = 0.1
_ASKED: Final = (
    ("roc_auc", "ROC AUC"), ("pr_auc", "PR AUC"), ("log_loss", "log loss"), ("brier", "Brier"), ("ece", "ECE"),
    ("slope", "slope"), ("observed_over_expected", "O/E"),
)  # fmt: skip
_KINDS: Final = {
    "promote": "promoted", "roll_out": "rolled out further", "roll_back": "rolled back",
    "reject_version": "version refused", "start_challengers": "fresh challengers", "pin": "pinned",
    "unpin": "unpinned", "veto": "vetoed", "lift_veto": "veto lifted",
}  # fmt: skip


def page(findings: Findings) -> str:
    """The whole page as text."""
    found = findings.judged[CHAMPION].parts["all"]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ebbwatch.evaluation", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": _figure, "percent": _percent}
    return environment.get_template("report.html.j2").render(
        name=findings.asked.path.name,
        champion=findings.champion,
        found=found,
        top=_top(found),
        headline=_headline(found),
        pictures=_pictures(findings, found),
        contestants=_contestants(findings),
        columns=[heading for _, heading in _ASKED],
        bands=_bands(findings),
        tiers=_tiers(findings),
        contact=CONTACT,
        happenings=_happenings(findings),
        dependence=_dependence(findings),
        settings=_settings(findings),
        base=found.base_rate or 0.0,
    )


def _top(found: Metrics) -> Top | None:
    return next((top for top in found.tops if abs(top.share - _TOP) < 0.02), None)


def _headline(found: Metrics) -> list[tuple[str, str, str]]:
    """Figure, what it is, and what it means in words."""
    told = []
    if found.roc_auc is not None:
        pairs = round(100 * found.roc_auc)
        told.append(
            (
                f"{found.roc_auc:.3f}",
                "ROC AUC",
                f"Of 100 pairs of a user who was lost and one who came back, {pairs} are put in the right order; "
                "guessing gets 50.",
            )
        )
    top = _top(found)
    if top is not None and found.base_rate:
        told.append(
            (
                f"{top.precision / found.base_rate:.2f} ×",
                "lift of the top 10 %",
                f"{_percent(top.precision)} of the tenth with the highest risk were lost; of all, "
                f"{_percent(found.base_rate)}.",
            )
        )
    if found.ece is not None and found.mean_prediction is not None and found.base_rate is not None:
        told.append(
            (
                f"{100 * found.ece:.1f} points",
                "off on average",
                f"It said {_percent(found.mean_prediction)} on average and {_percent(found.base_rate)} were lost. "
                f"The calibration slope is {_figure(found.slope)}; 1 is right, below it risks are said too sharply.",
            )
        )
    return told


def _pictures(findings: Findings, found: Metrics) -> dict[str, Markup]:
    drawn = {"reliability": pictures.reliability(found.curve), "over_time": _over_time(findings)}
    curves = {}
    for name in (CHAMPION, BASELINE):  # more would lie on each other
        r = ranked(findings.half.predictions[name], findings.half.lost, findings.weights)
        if r.positives > 0:
            rows = np.unique(np.linspace(0, len(r.mass) - 1, _POINTS).astype(np.int64))
            curves[name] = (
                np.concatenate(([0.0], r.mass[rows] / r.total)),
                np.concatenate(([0.0], r.hits[rows] / r.positives)),
            )
    drawn["gains"] = pictures.gains(curves, found.base_rate or 0.0, CHAMPION)
    heaviest = [i for i in findings.importance[:_IMPORTANT] if i.weight > 0]
    if heaviest:
        drawn["importance"] = pictures.bars(
            [LABELS[i.name] for i in heaviest], [i.weight for i in heaviest], "mean change of the log-odds"
        )
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704 made here


def _over_time(findings: Findings) -> str:
    parts = {name: judgement.parts for name, judgement in findings.months.items()}
    months = sorted(p.removeprefix(_MONTH) for p in parts[CHAMPION] if p.startswith(_MONTH))
    curves = {
        name: [p[f"{_MONTH}{m}"].roc_auc if f"{_MONTH}{m}" in p else None for m in months]
        for name, p in parts.items()
    }
    return pictures.over_time(months, curves, moment(findings.read.middle_ms)[:7], CHAMPION)


def _contestants(findings: Findings) -> list[tuple[str, int, list[float | None]]]:
    return [(name, *_row(findings.judged[name].parts["all"])) for name in findings.names]


def _bands(findings: Findings) -> list[tuple[str, list[tuple[str, int, list[float | None]]]]]:
    """By band of silence, every contestant."""
    bands = [part for part in findings.judged[CHAMPION].parts if part.startswith(_SILENCE)]
    return [
        (
            band.removeprefix(_SILENCE),
            [
                (name, *_row(findings.judged[name].parts[band]))
                for name in findings.names
                if band in findings.judged[name].parts
            ],
        )
        for band in bands
    ]


def _row(found: Metrics) -> tuple[int, list[float | None]]:
    return found.examples, [getattr(found, metric) for metric, _ in _ASKED]


def _tiers(findings: Findings) -> list[dict[str, Any]]:
    tiers, edges = findings.judged[CHAMPION].tiers, Thresholds()
    meant = {"high": f"from {edges.high:.0%}", "medium": f"from {edges.medium:.0%}", "low": "below that"}
    return [{"name": tier, "meant": meant[tier], "of": tiers[tier]} for tier in RANKED if tier in tiers]


def _happenings(findings: Findings) -> list[dict[str, Any]]:
    """Decisions and drift, in order of time."""
    told: list[tuple[int, dict[str, Any]]] = []
    for drifted in findings.read.watched.drift:
        about = {"what": "drift", "who": drifted.finding.cause, "share": 1.0, "text": drifted.finding.text}
        told.append((drifted.finding.at_ms, about | {"evidence": None, "drift": True}))
    said = [about["text"] for _, about in told]
    for decided in findings.read.watched.decisions:
        d = decided.decision
        text = "" if any(d.reason.endswith(drift) for drift in said) else d.reason
        about = {"what": _KINDS.get(d.kind, d.kind), "who": d.champion, "share": d.share, "text": text}
        told.append((d.at_ms, about | {"evidence": d.evidence, "drift": False}))
    return [about | {"at": moment(at)[:10]} for at, about in sorted(told, key=lambda pair: pair[0])]


def _dependence(findings: Findings) -> list[Markup]:
    return [
        Markup(pictures.dependence(points, LABELS[name], CATALOGUE[INDEX[name]].kind == "category"))  # noqa: S704
        for name, points in findings.dependence().items()
    ]


def _settings(findings: Findings) -> list[tuple[str, str]]:
    asked, read, watched = findings.asked, findings.read, findings.read.watched
    rejected = ", ".join(f"{reason} {count:,}" for reason, count in read.survey.rejected.most_common())
    return [
        ("file", str(asked.path)),
        ("rows", f"{read.survey.rows:,}, of which {read.survey.usable:,} used"),
        ("rejected", rejected or "none"),
        ("events", f"{moment(read.first_ms)} to {moment(read.last_ms)}"),
        ("second half from", moment(read.middle_ms)),
        ("users", f"{watched.users:,}" + ("" if asked.sample_users is None else " (a sample by hash)")),
        ("snapshots", f"{watched.snapshots:,} taken, {len(watched.examples.times):,} with an outcome"),
        ("judged", f"{findings.half.examples:,} of the second half"),
        ("horizon", f"{asked.facts.horizon_ms / DAY_MS:g} days"),
        ("inactivity", f"{asked.facts.inactivity_ms / DAY_MS:g} days"),
        ("a loss is", asked.facts.churn),
        ("contestants", ", ".join(asked.contestants)),
        ("seed", str(asked.seed)),
    ]


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}\N{NO-BREAK SPACE}%"
