"""What the trainer says of its contestants and of drift, as gauges."""

import math
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Gauge

from online_model.drift.comparison import Comparison
from online_model.quality.metrics import Metrics
from online_model.quality.report import Judgement
from online_model.quality.slices import ALL
from stream_processors.shown import Shown


class JudgedMetrics:
    """Rolling figures of predictions as they were made, on users whom nobody treated."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, meaning: str, *labels: str) -> Shown:
            return Shown(Gauge(f"ebbwatch_trainer_{name}", meaning, labels, registry=registry))

        self._figures: list[tuple[Shown, Callable[[Metrics], float | None]]] = [
            (gauge(name, meaning, "contestant"), figure)
            for name, meaning, figure in (
                ("log_loss", "Rolling log loss, nats.", lambda m: m.log_loss),
                ("roc_auc", "Rolling ROC AUC.", lambda m: m.roc_auc),
                ("brier_score", "Rolling mean squared error.", lambda m: m.brier),
                ("calibration_slope", "1 is right, below 1 too sure.", lambda m: m.slope),
                ("calibration_error_ratio", "Expected calibration error, 15 bins.", lambda m: m.ece),
                (
                    "observed_over_expected_ratio",
                    "Losses that came over those that were foretold.",
                    lambda m: m.observed_over_expected,
                ),
            )
        ]
        self._reliability = gauge(
            "reliability_ratio",
            "Mean prediction, and share of the lost with its 95 % limits, by bins of equal weight, the lowest first.",
            "contestant",
            "bin",
            "side",
        )
        self._precision = gauge(
            "tier_precision_ratio",
            "Of past snapshots that the champion put into a tier, the share that was lost, with 95 % limits.",
            "tier",
            "bound",
        )
        self._members = gauge("tier_examples", "Snapshots that those shares rest on.", "tier")
        self._psi = gauge(
            "feature_psi", "Population stability index of the last week against the reference.", "feature"
        )

    def judged(self, found: Mapping[str, Judgement], champion: str) -> None:
        """All contestants by name; of the champion also the tiers."""
        of_all = {name: judgement.parts[ALL] for name, judgement in found.items()}
        for gauge, figure in self._figures:
            gauge.show({(name,): figure(measured) for name, measured in of_all.items()})
        self._reliability.show(
            {
                (name, f"{place:02d}", side): value
                for name, measured in of_all.items()
                for place, bin_ in enumerate(measured.curve)
                for side, value in (
                    ("predicted", bin_.predicted),
                    ("observed", bin_.observed),
                    ("lower", bin_.low),
                    ("upper", bin_.high),
                )
            }
        )
        tiers = found[champion].tiers if champion in found else {}
        self._members.show({(tier,): precision.examples for tier, precision in tiers.items()})
        self._precision.show(
            {
                (tier, bound): value
                for tier, precision in tiers.items()
                if precision.precision is not None
                for bound, value in (
                    ("estimate", precision.precision),
                    ("lower", precision.low),
                    ("upper", precision.high),
                )
            }
        )

    def compared(self, found: Iterable[Comparison]) -> None:
        """Features of the week that ended last."""
        self._psi.show({(each.feature,): each.psi for each in found if math.isfinite(each.psi)})
