"""Processes that tests look for."""

from contextlib import suppress

import psutil


def children_running(module: str, of: int | None = None) -> list[psutil.Process]:
    """Children that run a module.

    A child that is looked at while it ends, or before it has become what it shall be, has no command line; libraries
    also start short-lived ones of their own (``file``, to name the platform).

    Args:
        module: as in `python -m`.
        of: the parent's id; None is this process.
    """
    found = []
    try:
        children = psutil.Process(of).children()
    except psutil.NoSuchProcess:
        return []
    for child in children:
        with suppress(psutil.Error):  # a zombie too
            found += [child] if module in child.cmdline() else []
    return found
