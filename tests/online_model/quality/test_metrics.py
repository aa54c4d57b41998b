"""Every figure against its slow and obvious version, and where it is not defined."""

import itertools
import math

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from online_model.quality.metrics import Metrics, metrics
from online_model.thresholds import Contact

Vector = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CASES = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from([0.0, 0.05, 0.2, 0.25, 0.5, 0.50001, 0.9, 1.0]),  # few, so that there are ties
        st.sampled_from([0.5, 1.0, 3.0]),
    ),
    min_size=1,
    max_size=25,
)


def columns(cases: list[tuple[bool, float, float]]) -> tuple[Bools, Vector, Vector]:
    lost, predictions, weights = zip(*cases, strict=True)
    return np.array(lost), np.array(predictions), np.array(weights)


def same(found: float | None, expected: float | None) -> bool:
    if found is None or expected is None:
        return found is expected
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)


def plain_roc_auc(cases: list[tuple[bool, float, float]]) -> float | None:
    won = total = 0.0
    for (lost, p, w), (other, q, v) in itertools.product(cases, cases):
        if lost and not other:
            total += w * v
            won += w * v * (1.0 if p > q else 0.5 if p == q else 0.0)
    return won / total if total else None


def plain_pr_auc(cases: list[tuple[bool, float, float]]) -> float | None:
    everybody = sum(w for lost, _, w in cases if lost)
    if not everybody:
        return None
    area = 0.0
    for cut in {p for _, p, _ in cases}:
        flagged = sum(w for _, p, w in cases if p >= cut)
        hits = sum(w for lost, p, w in cases if lost and p >= cut)
        area += sum(w for lost, p, w in cases if lost and p == cut) / everybody * hits / flagged
    return area


@settings(deadline=None)
@given(CASES)
def test_ranking_is_what_counting_pairs_and_cuts_gives(cases: list[tuple[bool, float, float]]) -> None:
    found = metrics(*columns(cases))
    assert same(found.roc_auc, plain_roc_auc(cases))
    assert same(found.pr_auc, plain_pr_auc(cases))


@settings(deadline=None)
@given(CASES, st.sampled_from([0.3, 0.7, 1.0]))
def test_what_is_decided_is_what_counting_gives(
    cases: list[tuple[bool, float, float]], chance: float
) -> None:
    contact = Contact(chance_of_saving=chance)
    found = metrics(*columns(cases), contact=contact).decided
    assert found is not None
    total = sum(w for _, _, w in cases)
    flagged = [(lost, w) for lost, p, w in cases if p > contact.threshold]
    tp, fp = sum(w for lost, w in flagged if lost), sum(w for lost, w in flagged if not lost)
    fn = sum(w for lost, p, w in cases if lost and p <= contact.threshold)
    tn = total - tp - fp - fn
    assert (found.true_positives, found.false_positives) == pytest.approx((tp, fp))
    assert (found.false_negatives, found.true_negatives) == pytest.approx((fn, tn))
    assert found.accuracy == pytest.approx((tp + tn) / total)
    assert same(found.precision, tp / (tp + fp) if tp + fp else None)
    assert same(found.recall, tp / (tp + fn) if tp + fn else None)
    assert same(found.f1, 2 * tp / (2 * tp + fp + fn) if 2 * tp + fp + fn else None)
    base = (tp + fn) / total
    assert found.f1_of_all == pytest.approx(2 * base / (1 + base))
    assert found.cost == pytest.approx((50 * fp + 200 * fn) / total)
    assert found.cost_with_saving == pytest.approx(
        (50 * (tp + fp) + 200 * (1 - chance) * tp + 200 * fn) / total
    )


@settings(deadline=None)
@given(CASES)
def test_losses_are_means(cases: list[tuple[bool, float, float]]) -> None:
    found = metrics(*columns(cases))
    total = sum(w for _, _, w in cases)
    brier = sum(w * (p - lost) ** 2 for lost, p, w in cases) / total
    cut = [(lost, min(max(p, 1e-12), 1 - 1e-12), w) for lost, p, w in cases]
    log_loss = -sum(w * math.log(p if lost else 1 - p) for lost, p, w in cut) / total
    assert same(found.brier, brier)
    assert found.log_loss == pytest.approx(log_loss, rel=1e-6)  # 1 − (1 − 1e-12) is not quite 1e-12
    expected = sum(w * p for _, p, w in cases)
    lost = sum(w for lost, _, w in cases if lost)
    assert same(found.observed_over_expected, lost / expected if expected else None)
    assert found.weight == pytest.approx(total)
    assert same(found.base_rate, lost / total)
    assert same(found.mean_prediction, expected / total)


@settings(deadline=None)
@given(CASES.flatmap(lambda cases: st.tuples(st.just(cases), st.permutations(cases))))
def test_the_order_of_the_examples_says_nothing(
    orders: tuple[list[tuple[bool, float, float]], list[tuple[bool, float, float]]],
) -> None:
    one, other = (metrics(*columns(cases)) for cases in orders)
    for name in ("roc_auc", "pr_auc", "log_loss", "brier", "ece"):
        assert same(getattr(one, name), getattr(other, name)), name
    assert [b.examples for b in one.curve] == [b.examples for b in other.curve]
    assert [t.precision for t in one.tops] == pytest.approx([t.precision for t in other.tops])


def drawn(n: int, seed: int = 1) -> tuple[Bools, Vector]:
    """Outcomes that happen as often as predicted."""
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 2, n)
    return rng.random(n) < p, p


def test_a_weight_of_three_is_three_examples() -> None:
    lost, p = drawn(400)
    weights = np.tile([1.0, 3.0], 200)
    times = weights.astype(int)
    one, other = metrics(lost, p, weights), metrics(np.repeat(lost, times), np.repeat(p, times))
    for name in ("roc_auc", "pr_auc", "log_loss", "brier", "ece", "slope", "intercept", "weight"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-6), name
    assert [t.recall for t in one.tops] == pytest.approx([t.recall for t in other.tops])


def test_the_slope_finds_how_far_predictions_are_off() -> None:
    lost, p = drawn(200_000)
    z = np.log(p / (1 - p))
    off = 1 / (1 + np.exp(-(2 * z + 0.6)))  # then the truth is (z' − 0.6) / 2
    right, wrong = metrics(lost, p), metrics(lost, off)
    assert right.slope == pytest.approx(1, abs=0.02)
    assert right.intercept == pytest.approx(0, abs=0.02)
    assert wrong.slope == pytest.approx(0.5, abs=0.01)
    assert wrong.intercept == pytest.approx(-0.3, abs=0.02)
    assert right.observed_over_expected == pytest.approx(1, abs=0.01)


def test_the_slope_is_the_likeliest_one() -> None:
    lost, p = drawn(300)
    found = metrics(lost, p)
    assert found.slope is not None
    assert found.intercept is not None

    def loss(a: float, b: float) -> float:
        z = a + b * np.log(p / (1 - p))
        return float(np.sum(np.logaddexp(0, z) - lost * z))

    best = loss(found.intercept, found.slope)
    for da, db in itertools.product((-1e-3, 0, 1e-3), repeat=2):
        assert loss(found.intercept + da, found.slope + db) >= best - 1e-12


def test_calibration_bins_are_of_equal_weight_and_hold_what_was_seen() -> None:
    lost, p = drawn(3000)
    found = metrics(lost, p)
    order = np.argsort(p)
    chunks = np.array_split(order, 15)
    assert [b.examples for b in found.curve] == [200] * 15
    assert [b.predicted for b in found.curve] == pytest.approx([p[c].mean() for c in chunks])
    assert [b.observed for b in found.curve] == pytest.approx([lost[c].mean() for c in chunks])
    assert found.ece == pytest.approx(np.mean([abs(p[c].mean() - lost[c].mean()) for c in chunks]))
    assert all(b.low < b.observed < b.high for b in found.curve)


def test_a_constant_prediction_is_one_bin_whatever_the_order() -> None:
    lost = np.array([True] * 30 + [False] * 70)
    found = metrics(lost, np.full(100, 0.3))
    assert found.ece == pytest.approx(0, abs=1e-12)
    assert len(found.curve) == 1
    assert found.roc_auc == 0.5
    assert found.pr_auc == pytest.approx(0.3)
    assert (found.slope, found.intercept) == (None, None)
    assert [t.precision for t in found.tops] == pytest.approx([0.3] * len(found.tops))


def test_the_first_are_counted_and_ties_at_the_cut_are_drawn_by_lot() -> None:
    lost = np.array([True, False, True, False, False, False])
    p = np.array([0.9, 0.5, 0.5, 0.5, 0.1, 0.1])
    found = metrics(lost, p, counts=(1, 2, 6, 7), shares=(0.5,))
    assert [t.count for t in found.tops] == [1, 2, 6, 3]
    assert [t.precision for t in found.tops] == pytest.approx([1, (1 + 1 / 3) / 2, 2 / 6, (1 + 2 / 3) / 3])
    assert [t.recall for t in found.tops] == pytest.approx([0.5, (1 + 1 / 3) / 2, 1, (1 + 2 / 3) / 2])
    assert found.tops[0].lift == pytest.approx(3)


@pytest.mark.parametrize(
    ("lost", "predictions"),
    [
        ([], []),
        ([True], [0.4]),
        ([False], [0.4]),
        ([True, True], [0.4, 0.6]),
        ([False, False, False], [0.0, 0.0, 0.0]),
        ([True, False], [1.0, 0.0]),
        ([False, True], [1.0, 0.0]),
        ([True, False], [math.nan, math.nan]),
    ],
)
def test_nothing_crashes_and_json_can_say_it(lost: list[bool], predictions: list[float]) -> None:
    found = metrics(np.array(lost, np.bool_), np.array(predictions, np.float64))
    again = msgspec.json.decode(msgspec.json.encode(found), type=Metrics)
    assert again == found


def test_of_nobody_nothing_is_known() -> None:
    found = metrics(np.zeros(0, np.bool_), np.zeros(0))
    assert (found.examples, found.weight, found.tops, found.curve) == (0, 0.0, [], [])
    assert {found.roc_auc, found.log_loss, found.brier, found.ece, found.base_rate, found.decided} == {None}


def test_predictions_that_part_the_classes_have_no_slope() -> None:
    lost = np.array([True] * 5 + [False] * 5)
    assert metrics(lost, np.linspace(0.9, 0.1, 10)).slope is None


def test_what_was_not_predicted_and_what_weighs_nothing_does_not_count() -> None:
    lost, p = drawn(100)
    more = np.concatenate([lost, [True, False, True]])
    said = np.concatenate([p, [math.nan, 0.99, math.inf]])
    weights = np.concatenate([np.ones(101), [0.0, 1.0]])
    assert metrics(more, said, weights) == metrics(lost, p)


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.5 is no probability"):
        metrics(np.array([True]), np.array([1.5]))
    with pytest.raises(ValueError, match="same shape"):
        metrics(np.array([True]), np.array([0.5, 0.5]))


def test_the_threshold_of_the_rule_is_the_cheapest_for_right_predictions() -> None:
    lost, p = drawn(100_000)

    def cost(threshold: float) -> float:
        """Per example, if a contact keeps half of the lost."""
        flagged = p > threshold
        return float(np.mean(50 * flagged + 200 * lost - 0.5 * 200 * (lost & flagged)))

    found = metrics(lost, p, contact=Contact(chance_of_saving=0.5)).decided
    assert found is not None
    assert found.threshold == 0.5
    assert found.cost_with_saving == pytest.approx(cost(0.5))
    assert found.cost_with_saving < min(cost(0.3), cost(0.7), found.cost_of_none, found.cost_of_all)
