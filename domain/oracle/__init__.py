"""The state of every user of a partition once more: slowly, from whole histories.

It follows `docs/user-state.md` and shares no rule with the compiled fold, only the schema, the names of the
log's faults and the stored form. ``ebbwatch verify`` and the tests hold one against the other.
"""

from domain.oracle.partition import Outcome, Partition

__all__ = ["Outcome", "Partition"]
