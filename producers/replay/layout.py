"""How rows of one kind of file become events."""

from typing import Protocol

from domain.events import Event
from producers.replay.rows import Row


class Layout(Protocol):
    """Pure: the same row gives the same event."""

    @property
    def columns(self) -> frozenset[str]:
        """Columns that must be there in CSV and Parquet; in JSON lines a missing one counts as empty."""
        ...

    def event(self, row: Row, event_id: str) -> Event:
        """The event that the row stands for.

        Args:
            event_id: stable for the row, so that sending a file again makes duplicates.

        Raises:
            RejectedRowError: the row cannot be used.
        """
        ...

    def signup(self, row: Row, event: Event) -> Event | None:
        """The opening of the account, where the row tells when that was; sent once for each user."""
        ...
