"""Settings that shape facts: a store is bound to them by their fingerprint."""

from typing import Literal

import msgspec
import xxhash

ChurnDefinition = Literal["inactivity", "cancellation", "either"]


class FactSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Times are in milliseconds."""

    churn: ChurnDefinition = "inactivity"
    inactivity_ms: int = 30 * 86_400_000
    horizon_ms: int = 30 * 86_400_000
    session_gap_ms: int = 1_800_000
    allowed_lateness_ms: int = 86_400_000
    future_tolerance_ms: int = 300_000
    session_types: tuple[str, ...] = ()
    """Custom event types that open a session, sorted."""

    def fingerprint(self) -> str:
        """16 hex digits, the same on every machine; equal settings give equal fingerprints."""
        return xxhash.xxh3_64_hexdigest(msgspec.json.encode(self, order="sorted"))
