"""From which risk on it is worth contacting a user."""

import math

import msgspec
import numpy as np

from online_model.quality.scored import Bools, Vector


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """What a contact costs and what it may save; money in any one currency.

    Contacting pays if ``probability · chance_of_saving · value > cost``.

    Raises:
        ValueError: a cost or a value that is not a positive number, or a chance outside [0, 1].
    """

    cost: float = 50.0
    """Of one contact, and thus of a false alarm."""
    value: float = 200.0
    """Of a user who stays, and thus what a lost one costs."""
    chance_of_saving: float = 0.35
    """Share of those who would be lost that a contact keeps; a guess until a holdout measures it
    (`online_model.saving`)."""

    def __post_init__(self) -> None:
        if not (0 < self.cost < math.inf and 0 < self.value < math.inf):
            raise ValueError(
                f"cost of a contact {self.cost} and value of a user {self.value} must be positive numbers"
            )
        if not 0 <= self.chance_of_saving <= 1:
            raise ValueError(f"chance of saving a user must lie in [0, 1], it is {self.chance_of_saving}")

    @property
    def threshold(self) -> float:
        """Risk above which contact pays; 1 if it never does. With a sure saving: cost over value."""
        saved = self.chance_of_saving * self.value
        return self.cost / saved if saved > self.cost else 1.0

    def gains(self, risks: Vector, values: Vector | None = None) -> Vector:
        """Money that contacting each is expected to bring, shape (n,); below 0 it costs more than it saves.

        Args:
            values: of each user, where it is known better than `value`; NaN stands for `value`.
        """
        worth = self.value if values is None else np.where(np.isnan(values), self.value, values)
        return np.asarray(risks * self.chance_of_saving * worth - self.cost)

    def pays(self, risks: Vector, values: Vector | None = None) -> Bools:
        """Whether contacting each is worth it; never for an unknown risk."""
        return np.asarray(self.gains(risks, values) > 0)
