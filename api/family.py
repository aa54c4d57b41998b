"""Several processes on one port: they end with the one that has started them, however that ends."""

import multiprocessing
import os
import signal
import threading


def end_with_parent() -> None:
    """From now on, end cleanly when the parent has ended: orphans would hold the port against a fresh start.

    Does nothing in a process that was not started by `multiprocessing`.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
