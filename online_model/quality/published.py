"""The trainer's latest judgement of its contestants, as it stands in the compacted topic `models`.

Whoever compares contestants reads it there: the examples that it rests on are the trainer's own.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from online_model.quality.metrics import Metrics
from online_model.quality.quality import QualityReport
from online_model.quality.report import Judgement
from online_model.quality.slices import ALL
from online_model.saving import Saving
from online_model.thresholds import Contact
from online_model.tiers import Thresholds

KEY: Final = b"quality"
"""Of the record."""
FORMAT: Final = 1


class PublishedError(ValueError):
    """A record of the topic is no judgement of ours."""


class Published(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The record's value."""

    format: int = FORMAT
    lineage: str
    at_ms: int
    """Event time up to which training had come, ms since 1970."""
    champion: str
    predecessor: str | None
    """Back in place if it is proven better."""
    pinned: bool
    """Whether evidence moves nothing."""
    pinned_version: str | None = None
    """The one version that serves until it is unpinned; None if later ones follow."""
    vetoed: tuple[str, ...]
    """Never promoted by evidence."""
    thresholds: Thresholds
    """Where the tiers begin, and did by assumption in `report`."""
    contact: Contact
    """When contacting a user pays: the chance of saving as the holdout measures it, or else as it was guessed."""
    saving: Saving
    """What treated users and holdout say of that chance."""
    learned: dict[str, int]
    """Examples that each contestant has learned."""
    report: QualityReport
    """Cut by `concise`."""


def concise(report: QualityReport) -> QualityReport:
    """What fits into a record: with the precision among the first so many, and the fading figures, of all alone."""
    judged = {name: _cut(judgement) for name, judgement in report.contestants.items()}
    return msgspec.structs.replace(report, contestants=judged)


def encode(published: Published) -> bytes:
    """The record's value."""
    return msgspec.json.encode(published)


def decode(value: bytes | None) -> Published:
    """Inverse of `encode`.

    Raises:
        PublishedError: says what is wrong with the record.
    """
    try:
        if (found := msgspec.json.decode(value or b"", type=_Format).format) != FORMAT:
            raise PublishedError(f"a judgement of format {found}, this program reads {FORMAT}")
        return msgspec.json.decode(value or b"", type=Published)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise PublishedError(f"no judgement of contestants: {fault}") from fault


class _Format(msgspec.Struct):
    format: int


def _cut(judgement: Judgement) -> Judgement:
    parts: Mapping[str, Metrics] = judgement.parts
    return msgspec.structs.replace(
        judgement,
        parts={name: m if name == ALL else msgspec.structs.replace(m, tops=[]) for name, m in parts.items()},
        fading={name: m for name, m in judgement.fading.items() if name == ALL},
    )
