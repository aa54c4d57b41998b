"""Versions of models under one address: publish, read back, fall back to the last good one."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
import numpy.typing as npt

from domain.labels import feature_schema
from online_model.registry.errors import (
    DamagedError,
    MismatchError,
    NotThereError,
    RefusedError,
    StorageError,
    UnknownVersionError,
)
from online_model.registry.manifest import (
    LEARNER,
    SCORER,
    Manifest,
    Payload,
    Training,
    describe,
    seal,
    unseal,
)
from online_model.registry.payload import pack_arrays, pack_learner
from online_model.registry.version import Version
from storage.files import Storage

MANIFEST: Final = "manifest.json"
_MARK: Final = "registry.json"
_ID: Final = re.compile(r"\d{13,}-[0-9a-f]{12}")


class Refusal(NamedTuple):
    """A version that could not serve."""

    version: str
    error: RefusedError


class LatestGood(NamedTuple):
    """What there is to serve."""

    version: Version | None
    """None: nothing good has been published, the baseline serves."""
    skipped: list[Refusal]
    """Newer ones that were refused, newest first."""


class Registry:
    """A folder with a folder for each version: its files, and last of all the manifest, which makes it visible."""

    def __init__(self, address: str, key: bytes) -> None:
        """Nothing is read or written yet.

        Args:
            address: a folder or any fsspec address.
            key: secret that signs the manifests.

        Raises:
            StorageError: no such kind of address.
        """
        self.storage = Storage(address, "registry", StorageError)
        self._key = key

    def prepare(self) -> None:
        """Make the registry where there is none; for who publishes.

        Raises:
            StorageError: it cannot be written.
        """
        if not self.storage.exists(_MARK):
            self.storage.write(_MARK, b'{"registry":1}\n')

    def publish(
        self, training: Training, arrays: Mapping[str, npt.NDArray[Any]] | None, learner: object | None
    ) -> Manifest:
        """Write a version, sign it and make it visible; the same content again changes nothing.

        Args:
            training: what the version is.
            arrays: what its scorer is made of; None if it only goes on learning.
            learner: the whole learner, to be pickled; None if it only serves.

        Raises:
            StorageError: nothing of it is visible.
            TypeError: an array of Python objects.
            ValueError: neither arrays nor learner.
        """
        contents: dict[str, bytes] = {}
        if arrays is not None:
            contents[SCORER] = pack_arrays(arrays)
        if learner is not None:
            contents[LEARNER] = pack_learner(learner)
        if not contents:
            raise ValueError("a version needs a scorer or a learner")
        self._be_there()
        manifest = describe(training, {n: _checksum(c) for n, c in contents.items()})
        try:
            return self.load(manifest.version).manifest
        except RefusedError:
            # none yet, or a bad one: what is there must not be taken for it while its files change
            self.storage.remove(f"{manifest.version}/{MANIFEST}")
        for name, content in contents.items():
            self.storage.write(f"{manifest.version}/{name}", content)
        self.storage.write(f"{manifest.version}/{MANIFEST}", seal(manifest, self._key))
        return manifest

    def versions(self) -> list[str]:
        """Ids of what is there, newest first, good or not (what was never finished has no manifest).

        Raises:
            StorageError: the registry is not there.
        """
        self._be_there()
        return sorted(filter(_ID.fullmatch, self.storage.names()), reverse=True)

    def manifest(self, version: str, lineage: str | None = None) -> Manifest:
        """The manifest of a version, its signature checked, its files not.

        Args:
            version: id.
            lineage: what it must have been trained on; None for any.

        Raises:
            StorageError: the registry is not there.
            RefusedError: see `load`.
        """
        return self._read(version, lineage)[0]

    def load(self, version: str, lineage: str | None = None) -> Version:
        """A version with all its files.

        Args:
            version: id.
            lineage: what it must have been trained on; None for any.

        Raises:
            StorageError: the registry cannot be read.
            UnknownVersionError: not here.
            UnsignedError: no signature.
            WrongKeyError: signed with another key, or changed since.
            DamagedError: a file is missing or is not the one that was signed.
            MismatchError: other features, or another lineage.
        """
        manifest, sealed = self._read(version, lineage)
        payloads = {n: self._payload(version, n, p) for n, p in manifest.payloads.items()}
        return Version(manifest, sealed, payloads)

    def latest_good(self, name: str | None = None, lineage: str | None = None) -> LatestGood:
        """The newest version that may serve, and those newer ones that may not.

        Args:
            name: of the contestant; None for any.
            lineage: what it must have been trained on; None for any.

        Raises:
            StorageError: the registry cannot be read.
        """
        skipped: list[Refusal] = []
        for version in self.versions():
            try:
                if name not in (None, self.manifest(version, lineage).training.name):
                    continue
                return LatestGood(self.load(version, lineage), skipped)
            except UnknownVersionError:
                continue  # never finished, or pruned a moment ago
            except RefusedError as error:
                skipped.append(Refusal(version, error))
        return LatestGood(None, skipped)

    def _read(self, version: str, lineage: str | None) -> tuple[Manifest, bytes]:
        self._be_there()
        if not _ID.fullmatch(version):
            raise UnknownVersionError(
                f"{version!r} is no id of a version, such as 1700000000000-0123456789ab"
            )
        try:
            content = self.storage.read(f"{version}/{MANIFEST}")
        except FileNotFoundError as fault:
            raise UnknownVersionError(
                f"version {version}: not in {self.storage.address}; `ebbwatch model list` shows what is"
            ) from fault
        manifest = unseal(content, version, self._key)
        if manifest.feature_schema != feature_schema():
            raise MismatchError(
                f"version {version}: made for other features (schema {manifest.feature_schema}, here "
                f"{feature_schema()}); train on the snapshots of this program, or run the one that made it"
            )
        if lineage is not None and manifest.training.lineage != lineage:
            raise MismatchError(
                f"version {version}: learned lineage {manifest.training.lineage}, not {lineage}: another topic, or "
                f"other settings of facts ({msgspec.json.encode(manifest.training.facts).decode()})"
            )
        return manifest, content

    def _payload(self, version: str, name: str, expected: Payload) -> bytes:
        try:
            content = self.storage.read(f"{version}/{name}")
        except FileNotFoundError as fault:
            raise DamagedError(f"version {version}: {name} is missing; publish it again") from fault
        if _checksum(content) != expected:
            raise DamagedError(
                f"version {version}: {name} is not the file that was published ({len(content)} bytes, should be "
                f"{expected.size} with SHA-256 {expected.sha256[:12]}…); publish it again"
            )
        return content

    def _be_there(self) -> None:
        if not self.storage.exists(_MARK):
            raise NotThereError(
                f"registry {self.storage.address}: not there, or no registry ({_MARK} is missing); is it mounted, "
                f"is the address right? The trainer makes it where there is none"
            )


def _checksum(content: bytes) -> Payload:
    return Payload(hashlib.sha256(content).hexdigest(), len(content))


def trained_until(version: str) -> int | None:
    """Due time of the last outcome that a version knows, ms; None for what is no id."""
    return int(version.partition("-")[0]) if _ID.fullmatch(version) else None
