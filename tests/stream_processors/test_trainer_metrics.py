"""What comes and goes leaves nothing behind, and counters have no label that grows with time."""

from collections import Counter

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Gauge

from online_model.quality.metrics import metrics
from online_model.quality.report import Judgement
from online_model.tiers import TierPrecision
from online_model.tournament.decision import Decision
from stream_processors.shown import Shown
from stream_processors.trainer_metrics import TrainerMetrics


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def told(registry: CollectorRegistry) -> TrainerMetrics:
    return TrainerMetrics(registry)


def series(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == f"ebbwatch_trainer_{name}"
    }


def judgement(predictions: list[float]) -> Judgement:
    lost = np.array([False, True] * (len(predictions) // 2))
    tiers = TierPrecision(examples=4, share=0.1, precision=0.5, low=0.2, high=0.8)
    nobody = TierPrecision(examples=0, share=0.0, precision=None, low=0.0, high=1.0)
    return Judgement(
        parts={"all": metrics(lost, np.array(predictions))}, fading={}, tiers={"high": tiers, "low": nobody}
    )


def test_what_is_shown_no_more_is_gone(registry: CollectorRegistry) -> None:
    shown = Shown(Gauge("ebbwatch_trainer_x", "-", ["of"], registry=registry))
    shown.show({("a",): 1.0, ("b",): 2.0, ("c",): None})
    assert series(registry, "x") == {("a",): 1, ("b",): 2}
    shown.show({("b",): 3.0})
    assert series(registry, "x") == {("b",): 3}
    shown.show({})
    assert series(registry, "x") == {}


def test_a_contestant_that_has_left_is_told_no_more(
    registry: CollectorRegistry, told: TrainerMetrics
) -> None:
    told.judged.judged(
        {"logistic": judgement([0.2, 0.9]), "ftrl@2024-01-08": judgement([0.4, 0.6])}, "logistic"
    )
    assert set(series(registry, "log_loss")) == {("logistic",), ("ftrl@2024-01-08",)}
    assert series(registry, "observed_over_expected_ratio")["logistic",] == pytest.approx(1 / 1.1)
    assert series(registry, "reliability_ratio")["logistic", "00", "predicted"] == 0.2
    assert series(registry, "tier_precision_ratio") == {
        ("high", "estimate"): 0.5, ("high", "lower"): 0.2, ("high", "upper"): 0.8
    }  # fmt: skip
    assert series(registry, "tier_examples") == {("high",): 4, ("low",): 0}

    told.judged.judged({"logistic": judgement([0.2, 0.9])}, "somebody else")
    for name in ("log_loss", "roc_auc", "brier_score", "calibration_error_ratio"):
        assert set(series(registry, name)) == {("logistic",)}, name
    assert {labels[0] for labels in series(registry, "reliability_ratio")} == {"logistic"}
    assert series(registry, "tier_precision_ratio") == {}


def test_counters_know_kinds_of_contestants_and_promotions_their_moment(
    registry: CollectorRegistry, told: TrainerMetrics
) -> None:
    for day in ("2024-01-08", "2024-02-05"):
        told.published(f"ftrl@{day}")
    for kind, now in (("roll_out", 1.0), ("promote", 2.0), ("pin", 3.0)):
        told.decided(Decision(at_ms=0, kind=kind, champion="ftrl@2024-02-05", reason=""), now)  # type: ignore[arg-type]

    assert series(registry, "published_versions_total") == {("ftrl",): 2}
    assert set(series(registry, "decisions_total")) == {
        ("roll_out", "ftrl"),
        ("promote", "ftrl"),
        ("pin", "ftrl"),
    }
    assert series(registry, "promotion_timestamp_seconds") == {("ftrl",): 2}
    told.decided(Decision(at_ms=0, kind="roll_back", champion="mean", reason=""), 5.0)
    assert series(registry, "promotion_timestamp_seconds") == {("mean",): 5}


def test_items_of_former_processes_do_not_count_again(
    registry: CollectorRegistry, told: TrainerMetrics
) -> None:
    told.counted(Counter(settled=1_000))
    told.counted(Counter(settled=1_003, treated=1))
    told.counted(Counter(settled=1_004, treated=1))

    assert series(registry, "items_total") == {("settled",): 4, ("treated",): 1}
