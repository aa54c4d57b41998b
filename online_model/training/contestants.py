"""Names of the contestants; apart from what they are, so that settings know them without loading all learners."""

from typing import Final

BASELINE: Final = "own_rhythm"
MEAN: Final = "mean"
MEMBERS: Final = ("recursive", "agile")
"""Kinds that the mean is made of."""
LINEAR: Final = (BASELINE, "logistic", "ftrl", "recursive", "agile")
DEFAULT: Final = (BASELINE, "logistic", "ftrl", "recursive", "agile", "forest", "network", MEAN)
