"""When a call happened, by a clock that can be trusted."""

from datetime import UTC, datetime

from domain.events import milliseconds


def event_time(timestamp: object, sent_at: object, received_ms: int) -> int:
    """Milliseconds since 1970-01-01 UTC, as Segment computes them: received - (sent - original).

    The device's clock may be wrong, but the time between the two is right. Without `sent_at` the time is taken as
    it is, without a usable `timestamp` it is `received_ms`.

    Args:
        timestamp: of the message, by the device's clock: ISO 8601.
        sent_at: of the request, by the same clock.
        received_ms: by ours.
    """
    original, sent = _ms(timestamp), _ms(sent_at)
    if original is None:
        return received_ms
    return original if sent is None else received_ms - (sent - original)


def _ms(text: object) -> int | None:
    """None for what is no ISO 8601; without a zone it is UTC."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return milliseconds(found if found.tzinfo else found.replace(tzinfo=UTC))
    except OverflowError:
        return None
