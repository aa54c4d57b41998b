"""Temporary folders of a process, by whose name one can tell whether it still runs."""

import os
import shutil
import tempfile
from pathlib import Path

import psutil


def claimed(prefix: str) -> Path:
    """A new one of this process; those of processes that were killed are removed before."""
    clear(prefix)
    return Path(tempfile.mkdtemp(prefix=named(prefix)))


def named(prefix: str) -> str:
    """What the names of this process's folders begin with."""
    return f"{prefix}{os.getpid()}-"


def clear(prefix: str) -> None:
    """Remove folders of processes that run no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        owner = folder.name.removeprefix(prefix).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)  # that of another user stays
