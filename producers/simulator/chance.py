"""Randomness and elementary functions that give the same bits on every machine, compiled.

`exp` and `log` of the C library differ in the last bit between processors, and one bit changes a whole life. These
use only operations that IEEE 754 defines exactly. Every user owns a SplitMix64 sequence (Steele, Lea and Flood,
"Fast splittable pseudorandom number generators", 2014), so that no life depends on which others are simulated.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from producers.simulator.compiled import Record, compiled

LN2_HIGH: Final = 0.6931471803691238
LN2_LOW: Final = 1.9082149292705877e-10


@compiled
def exp(x: float) -> float:
    """e ** x for -700 < x < 700, relative error below 1e-15."""
    power = math.floor(x / 0.6931471805599453 + 0.5)
    rest = (x - power * LN2_HIGH) - power * LN2_LOW
    total = 1.0
    for k in range(14, 0, -1):
        total = 1.0 + total * rest / k
    return math.ldexp(total, int(power))


@compiled
def log(x: float) -> float:
    """Natural logarithm of x > 0, relative error below 1e-14."""
    mantissa, power = math.frexp(x)
    if mantissa < 0.7071067811865476:
        mantissa *= 2.0
        power -= 1
    s = (mantissa - 1.0) / (mantissa + 1.0)
    square = s * s
    total = 0.0
    for k in range(23, 0, -2):
        total = total * square + 1.0 / k
    return 2.0 * s * total + power * LN2_LOW + power * LN2_HIGH


@compiled
def uniform(life: Record) -> float:
    """The user's next number, in [0, 1)."""
    life.random = life.random + np.uint64(0x9E3779B97F4A7C15)
    z = life.random
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@compiled
def exponential(life: Record) -> float:
    """Exponentially distributed with mean 1."""
    return -log(1.0 - uniform(life))


@compiled
def below(life: Record, bound: int) -> int:
    """Uniform among 0, 1, ..., bound - 1."""
    return int(uniform(life) * bound)


@compiled
def poisson(life: Record, mean: float) -> int:
    """Poisson distributed, by multiplying uniforms (Knuth); for means below 20."""
    limit = exp(-mean)
    count = 0
    product = uniform(life)
    while product > limit:
        count += 1
        product *= uniform(life)
    return count


@compiled
def choose(life: Record, shares: NDArray[np.float64]) -> int:
    """A position, with probabilities `shares` that sum to 1."""
    rest = uniform(life)
    for position in range(len(shares) - 1):
        rest -= shares[position]
        if rest < 0.0:
            return position
    return len(shares) - 1
