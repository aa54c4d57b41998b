"""Which jobs are run, in which order."""

from collections.abc import Collection, Sequence

from batch_jobs.job import Part


class UnknownJobError(Exception):
    """No job of this name."""


def chosen(parts: Sequence[Part], wanted: Collection[str]) -> list[Part]:
    """The wanted jobs and those that they need, in the order in which they stand; all where none is named.

    Args:
        parts: all jobs, each behind those that it needs.

    Raises:
        UnknownJobError: a name is none of them.
    """
    known = {part.job.name: part for part in parts}
    if unknown := sorted(set(wanted) - set(known)):
        raise UnknownJobError(f"there is no job {', '.join(unknown)}: {', '.join(known)} are there")
    needed = set(wanted or known)
    for part in reversed(parts):  # whoever is needed stands before
        if part.job.name in needed:
            needed |= set(part.after)
    return [part for part in parts if part.job.name in needed]
