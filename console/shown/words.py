"""Numbers, money and times as people read them."""

from datetime import UTC, datetime
from typing import Final

DASH: Final = "–"
_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000


def number(value: float | None, digits: int = 0) -> str:
    """With commas between thousands; a dash for nothing."""
    return DASH if value is None else f"{value:,.{digits}f}"


def percent(share: float | None, digits: int = 1) -> str:
    """Of a share between 0 and 1."""
    return DASH if share is None else f"{100 * share:.{digits}f} %"


def money(value: float | None) -> str:
    """Of an amount in major units: no cents from a hundred on."""
    return DASH if value is None else f"{value:,.{0 if abs(value) >= 100 else 2}f}"


def signed(value: float | None, digits: int = 2) -> str:
    """With its sign, also a plus; zero has none."""
    if value is None:
        return DASH
    text = f"{abs(value):,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        return text
    return f"{'+' if value > 0 else '−'}{text}"


def day(at_ms: int | None) -> str:
    """Day of a time in ms since 1970, UTC."""
    return DASH if not at_ms else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")


def minute(at_ms: int | None) -> str:
    """Day and minute of a time in ms since 1970, UTC."""
    return DASH if not at_ms else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def ago(at_ms: int | None, now_ms: int) -> str:
    """How long before `now_ms` something was, in the unit that fits."""
    if not at_ms:
        return DASH
    passed = max(now_ms - at_ms, 0)
    if passed < _HOUR_MS:
        return f"{passed // 60_000} min ago"
    if passed < 2 * _DAY_MS:
        return f"{passed // _HOUR_MS} h ago"
    return f"{passed // _DAY_MS} days ago"


def plain(name: str) -> str:
    """A name of the code in words."""
    return name.replace("_", " ")


def title(name: str) -> str:
    """The same at the beginning of a line."""
    words = plain(name)
    return words[:1].upper() + words[1:]
