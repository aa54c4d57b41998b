"""Secrets by file: every secret ``NAME`` may be given as ``NAME_FILE``, as Docker and Kubernetes mount them."""

from collections.abc import Mapping
from pathlib import Path

from connections.errors import AccessError


def secret(environ: Mapping[str, str], name: str) -> str | None:
    """The value of a variable, or the content of the file that ``<name>_FILE`` names; None if neither is set.

    A line break at the end of the file is none of the secret.

    Raises:
        AccessError: both are set, or the file cannot be read.
    """
    direct, file = environ.get(name) or None, environ.get(f"{name}_FILE") or None
    if file is None:
        return direct
    if direct is not None:
        raise AccessError(f"{name} and {name}_FILE are both set: keep one of them")
    try:
        return Path(file).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is no text in UTF-8"
        raise AccessError(f"{name}_FILE: cannot read {file}: {reason}") from fault


def readable(environ: Mapping[str, str], name: str) -> str | None:
    """The path that a variable names, None if it is not set.

    Raises:
        AccessError: there is no such file, or it may not be read.
    """
    path = environ.get(name) or None
    if path is None:
        return None
    try:
        with Path(path).open("rb"):
            return path
    except OSError as fault:
        raise AccessError(f"{name}: cannot read {path}: {fault.strerror}") from fault
