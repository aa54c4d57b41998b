"""The whole state of a trainer in one file, replaced at once or not at all.

The file names what it is a state of, so that a trainer with other settings refuses it, and carries an HMAC-SHA256
under the registry's key: what it holds is pickled, and nobody else's pickle may be opened.
"""

import hashlib
import hmac
import os
import pickle
from pathlib import Path
from typing import Any, BinaryIO, Final

_MAGIC: Final = b"ebbwatch trainer 1\n"
_MAC: Final = 32


class CheckpointError(RuntimeError):
    """A checkpoint cannot be used."""


class DamagedCheckpointError(CheckpointError):
    """The file is not as it was written, or was written under another key."""


class OtherCheckpointError(CheckpointError):
    """The file belongs to a trainer with other settings."""


class Checkpoint:
    """One checkpoint file."""

    def __init__(self, path: Path, key: bytes, meaning: str) -> None:
        """
        Args:
            path: of the file; its folder has to be there when something is saved.
            key: of the signature.
            meaning: names all that shapes the state; a file of another meaning is refused.
        """
        self._path = path
        self._key = key
        self._meaning = hashlib.sha256(meaning.encode()).digest()

    def save(self, state: Any) -> None:
        """Replace the file; it is durable when this returns.

        Raises:
            OSError: the disk is full, or the folder is gone; the former file is still there.
        """
        temporary = self._path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(_MAGIC + self._meaning + bytes(_MAC))
            signed = _Signed(file, self._key, self._meaning)
            # straight into the file: in memory it would be as large again as all that it holds
            pickle.dump(state, signed, protocol=5)
            file.seek(len(_MAGIC) + len(self._meaning))
            file.write(signed.mac())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def load(self) -> Any:
        """What was saved last; None where there is no file.

        Raises:
            DamagedCheckpointError: it is not what was written, or the key is another one.
            OtherCheckpointError: it belongs to other settings.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        start = len(_MAGIC) + len(self._meaning) + _MAC
        meaning = content[len(_MAGIC) : len(_MAGIC) + len(self._meaning)]
        body = memoryview(content)[start:]
        mend = f"delete {self._path.parent} to train anew from the topics"
        if content[: len(_MAGIC)] != _MAGIC or len(content) < start:
            raise DamagedCheckpointError(f"{self._path} is no checkpoint of this trainer; {mend}")
        mac = hmac.new(self._key, meaning, hashlib.sha256)
        mac.update(body)
        if not hmac.compare_digest(mac.digest(), content[start - _MAC : start]):
            raise DamagedCheckpointError(f"{self._path} is damaged or was signed with another key; {mend}")
        if meaning != self._meaning:
            raise OtherCheckpointError(
                f"{self._path} was made with other contestants, seed or settings; put these back, or {mend}"
            )
        return pickle.loads(body)  # noqa: S301 - signed by us


class _Signed:
    """A file that is signed while it is written."""

    def __init__(self, file: BinaryIO, key: bytes, meaning: bytes) -> None:
        self._file = file
        self._mac = hmac.new(key, meaning, hashlib.sha256)

    def write(self, data: bytes | memoryview) -> int:
        self._mac.update(data)
        return self._file.write(data)

    def mac(self) -> bytes:
        return self._mac.digest()
