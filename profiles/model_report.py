"""What is said of the models: who serves, which versions there are, how the contestants compare."""

from collections.abc import Iterator

import msgspec

from control.decisions import Decided
from online_model.calibration.scorer import AS_IT_IS
from online_model.loading import line_of
from online_model.quality.metrics import Metrics
from online_model.quality.published import Published
from online_model.quality.report import Judgement
from online_model.quality.slices import ALL
from online_model.registry.errors import RefusedError, UnknownVersionError
from online_model.registry.manifest import Manifest
from online_model.registry.registry import Registry
from online_model.registry.retention import protections
from online_model.risk import BASELINE
from online_model.thresholds import Contact
from online_model.tiers import Tier, TierPrecision
from online_model.training.contestants import BASELINE as BASELINE_CONTESTANT
from online_model.training.settle import CHAMPION
from profiles.serving import Serving


class ServingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version that serves, or the baseline."""

    version: str
    contestant: str
    kind: str
    share: float
    """Of the users."""
    examples: int | None
    """That the version has learned; None for the baseline."""
    trained_until_ms: int | None
    """Due time of the last outcome that it has learned, ms since 1970."""
    calibrated: bool
    """Whether its log-odds are put right by a line, because that was proven to help."""
    roc_auc: float | None
    """Of the contestant on the last settled examples: by the trainer's latest judgement, or else the manifest's."""
    metrics: dict[str, float | None]
    """Of the contestant when the version was published."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `model show`."""

    serves: list[ServingRow]
    fault: str | None
    """Why what is announced cannot serve."""
    announced_ms: int | None
    """Event time of the announcement."""
    reason: str | None
    champion: str
    predecessor: str | None
    pinned: bool | None
    """None where the trainer has not said yet; so is what follows."""
    pinned_version: str | None
    """The one version that serves until it is unpinned; None if later ones follow."""
    vetoed: list[str]
    judged_ms: int | None
    """Event time up to which the trainer had come when it judged."""
    served: Metrics | None
    """Of what was served to users, on the last settled examples: with its calibration."""
    tiers: dict[Tier, TierPrecision]
    """What became of who was in them."""
    thresholds: dict[str, float] | None
    """Where they begin now; what became of earlier users is counted by these, too."""
    contact: Contact | None
    """When contacting a user pays."""
    chance_measured: bool | None
    """Whether treated users and holdout have measured its chance of saving; else it is a guess."""
    decisions: list[Decided]
    """The last ones, newest first."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the registry."""

    version: str
    good: bool
    refused: str | None
    """Why it could not serve."""
    contestant: str | None
    kind: str | None
    examples: int | None
    trained_until_ms: int | None
    serves: float
    """Share of the users."""
    kept: list[str]
    """Why it is kept whatever its age."""


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One contestant on one part of the examples."""

    contestant: str
    role: str
    """``champion``, ``predecessor``, ``vetoed``, or empty."""
    learned: int
    rolling: Metrics | None
    """Over the last settled examples; None if it predicted none of them."""
    fading: Metrics | None
    """The same with older ones counting less; only of all examples."""


def serving_rows(serving: Serving) -> list[ServingRow]:
    """Who serves, the newer first."""
    if not serving.risk.parts:
        return [
            ServingRow(
                version=BASELINE,
                contestant=BASELINE_CONTESTANT,
                kind=BASELINE_CONTESTANT,
                share=1.0,
                examples=None,
                trained_until_ms=None,
                calibrated=False,
                roc_auc=_auc(serving.quality, BASELINE_CONTESTANT),
                metrics={},
            )
        ]
    rows = []
    for part, manifest in zip(serving.risk.parts, serving.manifests, strict=True):
        training = manifest.training
        auc = _auc(serving.quality, part.contestant)
        rows.append(
            ServingRow(
                version=part.version,
                contestant=part.contestant,
                kind=training.kind,
                share=part.share,
                examples=training.examples,
                trained_until_ms=training.last_due_ms,
                calibrated=line_of(training.model_settings) != AS_IT_IS,
                roc_auc=training.metrics.get("roc_auc") if auc is None else auc,
                metrics=training.metrics,
            )
        )
    return rows


def progress_in_words(serving: Serving) -> str:
    """How far the contest is, for people who watch."""
    quality = serving.quality
    if serving.fault is not None:
        return "the announced model cannot be used"
    if quality is None:
        return "nothing is learned yet: the baseline serves" if not serving.risk.parts else ""
    best = max(
        ((auc, name) for name in quality.learned if (auc := _auc(quality, name)) is not None), default=None
    )
    settled = f"{quality.report.settled:,} outcomes settled"
    if best is None:
        return settled
    leads = serving.risk.parts[0].contestant if serving.risk.parts else quality.champion
    if leads != BASELINE_CONTESTANT:
        return f"{settled}; best: {best[1]} {best[0]:.3f}"
    return f"{settled}; the baseline leads until another is proven better (best: {best[1]} {best[0]:.3f})"


def shown(serving: Serving, decisions: list[Decided]) -> Shown:
    """Answer of `model show`."""
    rows, quality, announced = serving_rows(serving), serving.quality, serving.announcement
    judgement = None if quality is None else quality.report.contestants.get(CHAMPION)
    newest = bool(serving.risk.parts) and serving.fault is None  # announced at once, judged now and then
    thresholds = serving.risk.thresholds or (None if quality is None else quality.thresholds)
    return Shown(
        serves=rows,
        fault=serving.fault,
        announced_ms=None if announced is None else announced.decided_ms,
        reason=None if announced is None else announced.reason,
        champion=rows[0].contestant if newest or quality is None else quality.champion,
        predecessor=None if quality is None else quality.predecessor,
        pinned=None if quality is None else quality.pinned,
        pinned_version=None if quality is None else quality.pinned_version,
        vetoed=[] if quality is None else list(quality.vetoed),
        judged_ms=None if quality is None else quality.at_ms,
        served=None if judgement is None else judgement.parts.get(ALL),
        tiers={} if judgement is None else judgement.tiers,
        thresholds=None if thresholds is None else thresholds._asdict(),
        contact=None if quality is None else quality.contact,
        chance_measured=None if quality is None else quality.saving.measured,
        decisions=decisions,
    )


def listed(registry: Registry, serving: Serving, lineage: str) -> Iterator[Listed]:
    """Versions of the registry, newest first, each with all its files checked.

    Raises:
        StorageError: the registry cannot be read.
    """
    shares = {part.version: part.share for part in serving.risk.parts}
    for version in registry.versions():
        manifest: Manifest | None = None
        refused: str | None = None
        try:
            manifest = registry.manifest(version)
            registry.load(version, lineage)
        except UnknownVersionError:
            continue  # never finished, or pruned a moment ago
        except RefusedError as fault:
            refused = str(fault)
        training = None if manifest is None else manifest.training
        yield Listed(
            version=version,
            good=refused is None,
            refused=refused,
            contestant=None if training is None else training.name,
            kind=None if training is None else training.kind,
            examples=None if training is None else training.examples,
            trained_until_ms=None if training is None else training.last_due_ms,
            serves=shares.get(version, 0.0),
            kept=protections(registry, version),
        )


def compared(quality: Published, part: str = ALL) -> list[Compared]:
    """Contestants on one part of the examples, the best log loss first."""
    rows = []
    for name, learned in quality.learned.items():
        judgement = quality.report.contestants.get(name)
        rows.append(
            Compared(
                contestant=name,
                role=_role(quality, name),
                learned=learned,
                rolling=None if judgement is None else judgement.parts.get(part),
                fading=None if judgement is None else judgement.fading.get(part),
            )
        )
    return sorted(rows, key=lambda row: (_loss(row.rolling), row.contestant))


def parts_of(quality: Published) -> list[str]:
    """Parts of the examples that are judged apart."""
    judgements: Iterator[Judgement] = iter(quality.report.contestants.values())
    first = next(judgements, None)
    return [] if first is None else list(first.parts)


def _role(quality: Published, name: str) -> str:
    if name == quality.champion:
        return "champion"
    if name == quality.predecessor:
        return "predecessor"
    return "vetoed" if name in quality.vetoed else ""


def _loss(measured: Metrics | None) -> float:
    return float("inf") if measured is None or measured.log_loss is None else measured.log_loss


def _auc(quality: Published | None, contestant: str) -> float | None:
    judgement = None if quality is None else quality.report.contestants.get(contestant)
    measured = None if judgement is None else judgement.parts.get(ALL)
    return None if measured is None else measured.roc_auc
