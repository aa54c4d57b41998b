"""Single values of a row, whatever type the file gave them."""

import math
from decimal import Decimal, InvalidOperation

from producers.replay.rows import RejectedRowError


def text(value: object) -> str | None:
    """Text without blanks around it; None for nothing, for blanks and for NaN. 17850.0 becomes ``17850``.

    Raises:
        RejectedRowError: ``bad_text``, bytes that are no UTF-8.
    """
    if isinstance(value, str):
        return value.strip() or None
    if value is None:
        return None
    if isinstance(value, bytes):
        try:
            return value.decode().strip() or None
        except UnicodeDecodeError:
            raise RejectedRowError("bad_text") from None
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() else str(value)
    return str(value)


def exact(value: object, reason: str) -> Decimal | None:
    """A decimal number; None for nothing.

    Raises:
        RejectedRowError: with `reason`: no number, or not a finite one.
    """
    written = text(value)
    if written is None:
        return None
    try:
        number = Decimal(written)
    except InvalidOperation:
        raise RejectedRowError(reason) from None
    if "_" in written or not number.is_finite():
        raise RejectedRowError(reason)
    return number


def whole(value: object, reason: str) -> int | None:
    """A whole number (``6`` and ``6.0`` alike); None for nothing.

    Raises:
        RejectedRowError: with `reason`: anything else.
    """
    number = exact(value, reason)
    if number is None:
        return None
    # a huge exponent would make an integer of as many digits
    if number.adjusted() > 18 or number != number.to_integral_value():
        raise RejectedRowError(reason)
    return int(number)
