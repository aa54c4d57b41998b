"""Which of several media types a caller would like best (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence


def chosen(accept: str, offered: Sequence[str]) -> str | None:
    """The offered type with the greatest weight, of equals the first; None if none is acceptable."""
    ranges = [parsed for part in accept.split(",") if (parsed := _range(part)) is not None]
    weights = [_weight(media, ranges) for media in offered]
    best = max(weights)
    return offered[weights.index(best)] if best > 0 else None


def _weight(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Of the most specific range that matches."""
    kind = media.partition("/")[0]
    for name in (media, f"{kind}/*", "*/*"):
        for range_, weight in ranges:
            if range_ == name:
                return weight
    return 0.0


def _range(part: str) -> tuple[str, float] | None:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = 1.0
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                weight = float(parameter[2:])
            except ValueError:
                return None
    return (name, weight) if name else None
