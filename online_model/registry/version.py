"""One version as read back: its manifest and files, all of them checked."""

from typing import Any, NamedTuple

import numpy.typing as npt

from online_model.registry.errors import DamagedError, MismatchError
from online_model.registry.manifest import LEARNER, SCORER, Manifest, here
from online_model.registry.payload import unpack_arrays, unpack_learner


class Version(NamedTuple):
    """Bytes whose checksums and signature have been found right."""

    manifest: Manifest
    sealed: bytes
    """The manifest as it stands in its file, with the signature."""
    payloads: dict[str, bytes]
    """By file name."""

    @property
    def id(self) -> str:
        """`<last due, ms>-<hash>`."""
        return self.manifest.version

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What the scorer is made of. They hold under any version of River and Python.

        Raises:
            MismatchError: the version has no arrays.
            DamagedError: they cannot be read although their checksum is right.
        """
        if SCORER not in self.payloads:
            raise MismatchError(f"version {self.id}: has no scorer, only a learner to go on with")
        try:
            return unpack_arrays(self.payloads[SCORER])
        except ValueError as fault:
            raise DamagedError(f"version {self.id}: {fault}; publish it again") from fault

    def learner(self) -> Any:
        """The learner as it was when it was published.

        Raises:
            MismatchError: there is none, or it was pickled under other software or by other code.
        """
        if LEARNER not in self.payloads:
            raise MismatchError(f"version {self.id}: has no learner, it can only serve")
        made, now = self.manifest.software, here()
        if (made.river, _minor(made.python)) != (now.river, _minor(now.python)):
            raise MismatchError(
                f"version {self.id}: its learner was made with River {made.river} on Python {made.python}, here "
                f"are River {now.river}, Python {now.python}; rebuild it from topics or ledger, or install those"
            )
        try:
            return unpack_learner(self.payloads[LEARNER])
        except Exception as fault:
            raise MismatchError(
                f"version {self.id}: its learner cannot be read by this code ({type(fault).__name__}: {fault}); "
                f"rebuild it from the topics or the ledger"
            ) from fault


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])
