"""What came of the rows of a file."""

import msgspec


class Canonical(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the rows: ``rows = events + sum(rejected)``."""

    rows: int
    events: int
    customers: int
    first_ms: int | None
    last_ms: int | None
    refunds: int
    rejected: dict[str, int]

    @property
    def days(self) -> float:
        """From the first event to the last."""
        return (
            0.0
            if self.first_ms is None or self.last_ms is None
            else (self.last_ms - self.first_ms) / 86_400_000
        )
