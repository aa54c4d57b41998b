"""What the trainer says of its contestants and of drift, as gauges."""

import math
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Gauge

from online_model.drift.comparison import Comparison
from online_model.quality.report import Judgement
from online_model.quality.slices import ALL


class JudgedMetrics:
    """Rolling figures of predictions as they were made, on users whom nobody treated."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"ebbwatch_trainer_{name}", meaning, labels, registry=registry)

        self._slope = gauge(
            "calibration_slope", "Slope of calibration: 1 is right, below 1 too sure.", "contestant"
        )
        self._ratio = gauge(
            "observed_over_expected_ratio", "Losses that came over those that were foretold.", "contestant"
        )
        self._brier = gauge("brier_score", "Mean squared error.", "contestant")
        self._error = gauge("calibration_error_ratio", "Expected calibration error, 15 bins.", "contestant")
        self._reliability = gauge(
            "reliability_ratio",
            "Mean prediction, and share of the lost with its 95 % limits, by bins of equal weight, the lowest first.",
            "contestant",
            "bin",
            "side",
        )
        self._tiers = gauge(
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
        self._reliability.clear()
        for name, judgement in found.items():
            of_all = judgement.parts[ALL]
            for gauge, figure in (
                (self._slope, of_all.slope),
                (self._ratio, of_all.observed_over_expected),
                (self._brier, of_all.brier),
                (self._error, of_all.ece),
            ):
                if figure is not None:
                    gauge.labels(name).set(figure)
            for place, each in enumerate(of_all.curve):
                for side, value in (
                    ("predicted", each.predicted),
                    ("observed", each.observed),
                    ("lower", each.low),
                    ("upper", each.high),
                ):
                    self._reliability.labels(name, f"{place:02d}", side).set(value)
        self._tiers.clear()
        if champion in found:
            for tier, precision in found[champion].tiers.items():
                self._members.labels(tier).set(precision.examples)
                if precision.precision is not None:
                    for bound, value in (
                        ("estimate", precision.precision),
                        ("lower", precision.low),
                        ("upper", precision.high),
                    ):
                        self._tiers.labels(tier, bound).set(value)

    def compared(self, found: Iterable[Comparison]) -> None:
        """Features of the week that ended last."""
        self._psi.clear()
        for each in found:
            if math.isfinite(each.psi):
                self._psi.labels(each.feature).set(each.psi)
