"""The vectorised logarithm and tangent, held against NumPy's."""

import numpy as np
import pytest

from online_model.learners.blocks import ROWS, take, transform, workspace
from online_model.learners.elementary import tanhs
from online_model.learners.encoder import LARGEST_RATIO, LOGARITHM, PLAIN, Vector, transformed


def transformed_block(values: Vector, way: int) -> Vector:
    work, bits = workspace()
    found = np.empty_like(values)
    for start in range(0, len(values), ROWS):
        rows = min(ROWS, len(values) - start)
        take(values[:, None], start, 0, work[0, :rows])
        transform(way, work, bits, rows)
        found[start : start + rows] = work[1, :rows]
    return found


def values(count: int = 50_001) -> Vector:
    rng = np.random.default_rng(1)
    sizes = rng.exponential(1, count) * 10 ** rng.uniform(-20, 20, count)
    whole = np.arange(-3000.0, 3000.0)
    hostile = [
        0.0,
        -0.0,
        np.inf,
        -np.inf,
        np.nan,
        1e308,
        -1e308,
        1e-308,
        5e-324,
        2.0**52,
        2.0**53 - 1,
        2.0**63,
    ]
    return np.concatenate(
        [sizes * rng.choice([-1, 1], count), whole, np.sqrt(2) ** np.arange(100) - 1, hostile]
    )


def test_the_logarithm_is_numpys_within_three_units_in_the_last_place() -> None:
    v = values()
    expected = np.where(np.isfinite(v), np.sign(v) * np.log1p(np.abs(v)), np.nan)
    assert transformed_block(v, LOGARITHM) == pytest.approx(expected, rel=4e-16, abs=0, nan_ok=True)


def test_ratios_are_cut() -> None:
    v = values()
    expected = np.where(np.isfinite(v), np.clip(v, -LARGEST_RATIO, LARGEST_RATIO), np.nan)
    assert np.array_equal(transformed_block(v, PLAIN), expected, equal_nan=True)


@pytest.mark.parametrize("way", [PLAIN, LOGARITHM])
def test_a_value_has_one_result_in_any_batch_and_is_what_learners_see(way: int) -> None:
    v = values(300)
    found = transformed_block(v, way)
    alone = np.concatenate([transformed_block(v[i : i + 1], way) for i in range(len(v))])
    assert found.tobytes() == alone.tobytes()
    assert found == pytest.approx([transformed(value, way) for value in v], rel=4e-16, abs=0, nan_ok=True)


def test_the_tangent_is_numpys_to_rounding() -> None:
    v = np.concatenate([np.linspace(-25, 25, 20_001), [0.0, -0.0, 1e308, -1e308, np.inf, -np.inf, 1e-300]])
    power, out = np.empty_like(v), np.empty_like(v)
    tanhs(v, power, power.view(np.int64), out)
    assert np.abs(out - np.tanh(v)).max() < 5e-16
    alone = np.empty_like(v)
    for i in range(len(v)):
        tanhs(v[i : i + 1], power[:1], power[:1].view(np.int64), alone[i : i + 1])
    assert out.tobytes() == alone.tobytes()
