"""Who yields the processor to whom, where several processes share a machine."""

import os
from contextlib import suppress
from pathlib import Path


def stand_back(pid: int, nice: int) -> None:
    """Let a process that has just begun a session yield to all others on its machine, as far as the system allows.

    Args:
        nice: 0 changes nothing, 19 yields most.
    """
    if not nice:
        return
    with suppress(ProcessLookupError):  # it has ended already
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    # Linux weighs sessions against each other first, and nice values only within one (sched(7), "autogroup")
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(nice), "ascii")
