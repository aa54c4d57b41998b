"""What a comparison with the log can't tell any more, since erasures have emptied records of the archive.

An emptied record reads as a mark that moves no clock. Whoever read it before it was emptied has counted it as what it
was, and has said of its user what followed: the counters of a store that was filled then, and the topics `snapshots`
and `outcomes`, know more than the log. That much, and no more, is let pass.
"""

from collections import Counter
from collections.abc import Mapping

from archive.records import Kept
from domain.oracle import Outcome
from domain.oracle.examples import Settled, Snapshot

_SILENCES = ("gaps", "gap_seconds")
_MARK = "mark"


class Emptied:
    """Of one partition; records are noted in the order of the log."""

    def __init__(self) -> None:
        self.records = 0
        """That were read, and are empty."""
        self._of_users: Counter[bytes] = Counter()
        self._erased: dict[bytes, int] = {}

    def archived(self, record: Kept) -> None:
        """Note a record that was read from the archive."""
        self.records += record.emptied

    def fed(self, key: bytes | None, outcome: Outcome, clock: int) -> None:
        """Note what became of a record that may belong to a user whose former ones are empty."""
        if not self.records or key is None:
            return
        self._of_users[key] += 1
        if outcome.kind == "erased":
            self._erased[key] = clock

    def counts(self, expected: Mapping[str, int], found: Mapping[str, int]) -> dict[str, int]:
        """What counters should be: `found` where emptied records account for all that differs, else `expected`.

        As many records in all, at most so many of another kind as are empty or stand before the erasure of a user
        whose former ones are, no fewer that are told as marks, and no fewer silences.
        """
        if not self.records:
            return dict(expected)
        kinds = (expected.keys() | found.keys()) - set(_SILENCES)
        more = {kind: found.get(kind, 0) - expected.get(kind, 0) for kind in kinds}
        moved = sum(abs(difference) for difference in more.values()) // 2
        most = self.records + sum(self._of_users[user] for user in self._erased)
        fits = not sum(more.values()) and moved <= most and more.get(_MARK, 0) <= 0
        silent = all(found.get(name, 0) >= expected.get(name, 0) for name in _SILENCES)
        return dict(found if fits and silent else expected)

    def unknown(self, item: Snapshot | Settled, first: Mapping[bytes, int]) -> bool:
        """Whether what was said of a user can rest on emptied records.

        Args:
            first: by user, key time of the first thing that the log still says, ms.
        """
        if not self.records:
            return False
        erased = self._erased.get(item.user)
        return item[0] < first.get(item.user, item[0] + 1) or (erased is not None and item[0] <= erased)
