"""Live clock marks: the owner of a partition writes them from the wall clock less a lag."""

from collections.abc import Mapping


def due_marks(clocks: Mapping[int, int], wall_ms: int, lag_ms: int) -> dict[int, int]:
    """Marks to write now, ms by partition: those later than the partition's clock."""
    mark = wall_ms - lag_ms
    return {partition: mark for partition, clock in clocks.items() if mark > clock}
