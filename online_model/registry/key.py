"""The secret that signs versions: who has it may put code into the trainer, so it is kept like a password."""

import os
import secrets
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from online_model.registry.errors import KeyFileError

KEY_FILE: Final = "registry.key"
KEY_VARIABLE: Final = "EBBWATCH_REGISTRY_KEY"
_SHORTEST: Final = 16


def registry_key(home: Path, given: str | None, create: bool) -> bytes:
    """The key, from the setting or else from `home/registry.key`.

    Args:
        home: folder of local state.
        given: value of the setting; None or empty where it is not set.
        create: whether to make a random key in the file where there is none (who signs does, who reads does not).

    Raises:
        KeyFileError: none there, too short, or readable by other users.
    """
    if given:
        return _long_enough(given.encode(), KEY_VARIABLE)
    path = home / KEY_FILE
    try:
        if create and not path.exists():
            home.mkdir(parents=True, exist_ok=True)
            _create(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeyFileError(f"{path} can be read by other users: `chmod 600 {path}`")
        return _long_enough(path.read_bytes().strip(), str(path))
    except FileNotFoundError as fault:
        raise KeyFileError(
            f"no key for the registry: neither {KEY_VARIABLE} is set nor is there {path}; "
            f"copy it from where the trainer runs"
        ) from fault
    except OSError as fault:
        raise KeyFileError(f"the registry's key {path} cannot be used: {fault}") from fault


def _create(path: Path) -> None:
    handle, mine = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # nobody else may read it
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: its key counts
            os.link(mine, path)
    finally:
        Path(mine).unlink()


def _long_enough(key: bytes, where: str) -> bytes:
    if len(key) < _SHORTEST:
        raise KeyFileError(f"the registry's key in {where} has {len(key)} characters; at least {_SHORTEST}")
    return key
