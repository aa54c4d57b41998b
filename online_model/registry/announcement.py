"""What the trainer says in the compacted topic `models`: which versions serve, and for what share of the users."""

import hashlib
import math
from typing import Final

import msgspec

from online_model.registry.manifest import Manifest, canonical
from online_model.tiers import Thresholds

FORMAT: Final = 1

CHAMPION: Final = b"champion"
"""Key of the announcement that says what serves."""


class AnnouncementError(ValueError):
    """A record of the topic is no announcement of ours."""


class Share(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version and how many users it serves."""

    version: str
    manifest_sha256: str
    """`manifest_hash` of the version that is meant."""
    share: float
    """Of the users, in (0, 1]."""


class Announcement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Value of a record whose key is the role, such as `champion`."""

    format: int = FORMAT
    role: str
    lineage: str
    address: str
    """Of the registry."""
    shares: tuple[Share, ...]
    """What is being rolled out comes first; together 1. None at all: the baseline serves."""
    decided_ms: int
    """Clock (event time) at the decision, ms since 1970."""
    reason: str
    """Why, in words."""
    thresholds: Thresholds | None = None
    """Risks from which the tiers begin under these versions; None for those of the settings."""


def manifest_hash(manifest: Manifest) -> str:
    """SHA-256 of what is signed: 64 hex digits."""
    return hashlib.sha256(canonical(manifest)).hexdigest()


def share_of(manifest: Manifest, share: float) -> Share:
    """A version's entry in an announcement."""
    return Share(version=manifest.version, manifest_sha256=manifest_hash(manifest), share=share)


def encode(announcement: Announcement) -> tuple[bytes, bytes]:
    """Key and value of the record.

    Raises:
        AnnouncementError: the shares do not make sense.
    """
    _check(announcement)
    return announcement.role.encode(), msgspec.json.encode(announcement)


def decode(key: bytes | None, value: bytes | None) -> Announcement:
    """Inverse of `encode`.

    Raises:
        AnnouncementError: says what is wrong with the record.
    """
    try:
        if (found := msgspec.json.decode(value or b"", type=_Format).format) != FORMAT:
            raise AnnouncementError(f"an announcement of format {found}, this program reads {FORMAT}")
        announcement = msgspec.json.decode(value or b"", type=Announcement)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise AnnouncementError(f"no announcement of a model: {fault}") from fault
    if announcement.role.encode() != key:
        raise AnnouncementError(f"an announcement for {announcement.role!r} under the key {key!r}")
    _check(announcement)
    return announcement


class _Format(msgspec.Struct):
    format: int


def _check(announcement: Announcement) -> None:
    shares, limits = announcement.shares, announcement.thresholds
    if limits is not None and not 0 <= limits.medium <= limits.high:
        raise AnnouncementError(f"tiers that begin at {limits.medium} (medium) and {limits.high} (high)")
    if not shares:
        return
    if any(not 0 < s.share <= 1 for s in shares) or not math.isclose(math.fsum(s.share for s in shares), 1):
        raise AnnouncementError(f"shares {[s.share for s in shares]} are not parts of 1")
    if len({s.version for s in shares}) < len(shares):
        raise AnnouncementError(f"the same version twice: {[s.version for s in shares]}")
