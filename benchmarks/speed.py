"""The rate at which a worker gets through a log."""

import time


class Speed:
    """Records a second between the first write seen and the last; the worker's start does not count."""

    def __init__(self) -> None:
        self._first = self._last = (0.0, 0)

    def look(self, read: int) -> None:
        """Note how many records are read by now."""
        now = (time.monotonic(), read)
        if read and not self._first[1]:
            self._first = now
        if read > self._last[1]:
            self._last = now

    def records_per_second(self) -> float:
        """Raises `ValueError` if fewer than two looks saw progress."""
        seconds = self._last[0] - self._first[0]
        if seconds <= 0:
            raise ValueError("the log is too short to measure a rate: take more events")
        return (self._last[1] - self._first[1]) / seconds
