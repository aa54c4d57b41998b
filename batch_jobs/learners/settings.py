"""What is trained, for how long, and how it is judged."""

from dataclasses import dataclass, field
from typing import Final

from online_model.thresholds import Contact

KINDS: Final = ("logistic", "random_forest", "xgboost", "lightgbm", "svm", "network")


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerSettings:
    """Spans are shares of the time that the examples cover."""

    kinds: tuple[str, ...] = KINDS
    budget_s: float = 600.0
    """For tuning, all kinds together, in equal parts. The first setting of each kind is tried whatever it takes."""
    trials: int = 20
    """At most, of each kind."""
    seed: int = 0
    most_examples: int = 100_000
    """More are thinned out by user: some 100 MB, and twice that while a model is fitted."""
    folds: int = 4
    calibrate: float = 0.15
    """Before the test, for calibration."""
    test: float = 0.2
    """The latest snapshots, which nothing is chosen by."""
    least: int = 50
    """Lost, and returned, in every part; fewer train nothing."""
    explained: int = 100
    """Latest snapshots whose SHAP values are averaged, and over which risk is averaged for partial dependence."""
    features: int = 10
    """With partial dependence, the weightiest of each kind."""
    every_days: int = 28
    """Until a model is trained anew whatever has happened."""
    tolerance: float = 0.05
    """Rise of the log loss on what came due since training, as a share of that on the test, that is degradation."""
    candidates: int | tuple[str, ...] = 1
    """So many models enter the tournament, the best on the test first; or those of these kinds."""
    contact: Contact = field(default_factory=Contact)

    def __post_init__(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            ValueError: says what is wrong.
        """
        unknown = set(self.kinds) - set(KINDS)
        if unknown or not self.kinds:
            raise ValueError(f"no kinds {sorted(unknown)}; there are {', '.join(KINDS)}")
        candidates = () if isinstance(self.candidates, int) else self.candidates
        if not set(candidates) <= set(self.kinds):
            raise ValueError(f"of {', '.join(candidates)} not all are trained: {', '.join(self.kinds)} are")
        if not (0 < self.calibrate < 1 and 0 < self.test < 1 and self.calibrate + self.test < 0.8):
            raise ValueError(
                "calibration and test together must leave a fifth of the time and more for training"
            )
        if min(self.trials, self.folds, self.least, self.explained, self.every_days, self.most_examples) < 1:
            raise ValueError("trials, folds, least, explained, every_days and most_examples must be positive")
