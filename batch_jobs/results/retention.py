"""Which former runs are kept: what has moved, and what has not changed since, is read from them."""

from collections.abc import Sequence

from batch_jobs.results.run import Run


def kept(runs: Sequence[Run], most: int) -> tuple[Run, ...]:
    """Of former runs, latest first, those whose files stay.

    The predecessor always does, since somebody may be reading it; else the latest of each as-of.

    Args:
        most: of all that stay.
    """
    found: list[Run] = []
    for place, run in enumerate(runs):
        known = any(run.basis.as_of == other.basis.as_of for other in found)
        if len(found) < most and (place == 0 or not known):
            found.append(run)
    return tuple(found)
