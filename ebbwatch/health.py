"""``python -m ebbwatch.health WHAT``: ends with 0 if it is well; what the health checks of containers call.

WHAT is an address that must answer with 2xx, or the module of a process that must be there.
"""

import sys
import urllib.request
from itertools import pairwise
from pathlib import Path
from typing import Final

_PATIENCE_S: Final = 3.0


def answers(url: str) -> bool:
    """Whether it answers with 2xx within 3 s."""
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S):  # noqa: S310 - the address is the caller's own
            return True
    except OSError:  # of which urllib's own are, also that for 503
        return False


def runs(module: str, processes: Path = Path("/proc")) -> bool:
    """Whether ``python -m module`` runs here.

    Args:
        processes: procfs.
    """
    for path in processes.glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        if (b"-m", module.encode()) in pairwise(words):
            return True
    return False


def main(what: str) -> int:
    """The exit code."""
    return 0 if (answers(what) if "://" in what else runs(what)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
