"""What a version says about itself, and the signature that holds it to that."""

import hashlib
import hmac
import platform
from importlib.metadata import version as installed
from typing import Final

import msgspec
import numpy as np

from domain.labels import feature_schema
from domain.settings import FactSettings
from online_model.registry.errors import DamagedError, MismatchError, UnsignedError, WrongKeyError

FORMAT: Final = 1
"""Of manifest and files; raised when an older reader could not go on."""

Setting = str | int | float | bool | None


class Software(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Versions that a pickle depends on."""

    python: str
    river: str
    numpy: str


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the version."""

    sha256: str
    size: int
    """Bytes."""


class Training(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a version is, as who trained it knows; everything else in the manifest follows from that."""

    name: str
    """Of the contestant."""
    kind: str
    """Of the learner."""
    lineage: str
    facts: FactSettings
    model_settings: dict[str, Setting] = {}
    seed: int
    first_snapshot_ms: int
    """Earliest snapshot learned, ms since 1970."""
    last_snapshot_ms: int
    last_due_ms: int
    """Due time of the last outcome learned, by anybody if it is a refitted model that serves; versions are ordered by
    it."""
    examples: int
    metrics: dict[str, float | None] = {}
    """By name, as of `last_due_ms`; None where it cannot be told (NaN becomes None)."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is signed."""

    format: int = FORMAT
    version: str = ""
    training: Training
    facts_fingerprint: str
    feature_schema: str
    software: Software
    payloads: dict[str, Payload]
    """By file name."""


def here() -> Software:
    """What this process runs on."""
    return Software(platform.python_version(), installed("river"), np.__version__)


def describe(training: Training, payloads: dict[str, Payload]) -> Manifest:
    """The manifest, still to be signed.

    The id is `<last due, 13 digits>-<12 hex digits>`, so that ids sort by event time. The digits are a hash of what
    the version is. Equal learners may be pickled to different bytes, so the pickle counts only where nothing else
    says what was learned.
    """
    plain = Manifest(
        training=training,
        facts_fingerprint=training.facts.fingerprint(),
        feature_schema=feature_schema(),
        software=here(),
        payloads={name: p for name, p in payloads.items() if name != LEARNER} or payloads,
    )
    digest = hashlib.sha256(canonical(plain)).hexdigest()[:12]
    version = f"{max(training.last_due_ms, 0):013d}-{digest}"
    # NaN turns into null on the way to the file: what is signed must be what is read
    read_back = msgspec.json.decode(msgspec.json.encode(plain), type=Manifest)
    return msgspec.structs.replace(read_back, version=version, payloads=payloads)


SCORER: Final = "scorer.npz"
LEARNER: Final = "learner.pickle"


def canonical(manifest: Manifest) -> bytes:
    """The bytes that are hashed and signed: JSON with sorted keys."""
    return msgspec.json.encode(manifest, order="sorted")


def seal(manifest: Manifest, key: bytes) -> bytes:
    """Contents of `manifest.json`: the manifest and its signature, HMAC-SHA256 in 64 hex digits."""
    plain = canonical(manifest)
    return msgspec.json.encode(_Sealed(msgspec.Raw(plain), _signature(plain, key)))


def unseal(content: bytes, version: str, key: bytes) -> Manifest:
    """The manifest of a version, if it is what it claims to be.

    Raises:
        DamagedError: not a manifest, or that of another version.
        UnsignedError: no signature.
        WrongKeyError: the signature does not fit.
        MismatchError: written by a program of another time.
    """
    try:
        sealed = msgspec.json.decode(content, type=_Sealed)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise DamagedError(
            f"version {version}: its manifest cannot be read ({fault}); publish it again or remove it"
        ) from fault
    if not sealed.signature:
        raise UnsignedError(f"version {version}: not signed, so nobody answers for it; publish it again")
    # over the bytes as they stand: a program that knows other fields still tells its own from a stranger's
    if not hmac.compare_digest(_signature(bytes(sealed.manifest), key).encode(), sealed.signature.encode()):
        raise WrongKeyError(
            f"version {version}: signed with another key, or changed since; use the key of who published it "
            f"(`registry.key` in its EBBWATCH_HOME, or EBBWATCH_REGISTRY_KEY)"
        )
    try:
        if (found := msgspec.json.decode(sealed.manifest, type=_Format).format) != FORMAT:
            raise MismatchError(f"version {version}: written in format {found}, this program reads {FORMAT}")
        manifest = msgspec.json.decode(sealed.manifest, type=Manifest)
    except msgspec.MsgspecError as fault:
        raise MismatchError(
            f"version {version}: its manifest is of another program ({fault}); use that one, or train anew"
        ) from fault
    if manifest.version != version:
        raise DamagedError(f"version {version}: holds the manifest of version {manifest.version}")
    return manifest


def _signature(content: bytes, key: bytes) -> str:
    return hmac.new(key, content, hashlib.sha256).hexdigest()


class _Sealed(msgspec.Struct, forbid_unknown_fields=True):
    manifest: msgspec.Raw
    signature: str = ""


class _Format(msgspec.Struct):
    format: int
