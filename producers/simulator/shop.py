"""Orders of several lines, favourites that come again, discounts, refunds."""

from typing import Any, Final

from numpy.typing import NDArray

from producers.simulator import vocabulary as words
from producers.simulator.chance import below, exponential, uniform
from producers.simulator.compiled import Record, compiled
from producers.simulator.emission import emit, emit_in_session

FAVOURITES: Final = 5
REFUND_SHARE: Final = 0.06


@compiled
def price(product: int) -> int:
    """Cents of one item of a product, 1 to `PRODUCTS`."""
    return 199 + product * 7_919 % 6_800


@compiled
def order(
    number: int, user: Record, life: Record, day: int, time: int, platform: int,
    events: NDArray[Any], n: int,
) -> tuple[int, int]:  # fmt: skip
    """One basket; returns the number of events and the time of its last line."""
    life.orders += 1
    lines = 1 + min(4, int(0.9 * exponential(life)))
    reduced = uniform(life) < 0.2
    for _ in range(lines):
        time += 3_000 + below(life, 20_000)
        if uniform(life) < 0.6:
            product = 1 + (user.taste + 97 * below(life, FAVOURITES)) % words.PRODUCTS
        else:
            share = uniform(life)
            product = 1 + int(words.PRODUCTS * share * share)  # the first products sell best
        quantity = 1 + min(8, int(0.5 * exponential(life)))
        cents = price(product) * quantity
        n = emit_in_session(events, n, number, life, time, words.PURCHASE, platform)
        line = events[n - 1]
        line.order = life.orders
        line.product = product
        line.quantity = quantity
        if reduced:
            line.discount = cents // 10
            cents -= cents // 10
        line.cents = cents
    events[n - 1].note = words.CONVERTED
    if life.refund_day < 0 and uniform(life) < REFUND_SHARE:
        life.refund_day = day + 1 + below(life, 10)
        life.refund_order = life.orders
        life.refund_product = product
        life.refund_cents = cents
    return n, time


@compiled
def refund(number: int, life: Record, today: Record, events: NDArray[Any], n: int) -> int:
    """The money of an order's last line goes back, at 14:00 UTC and some minutes."""
    n = emit(events, n, number, life, today.start_ms + 50_400_000 + 1_000 * below(life, 3_600), words.REFUND)
    event = events[n - 1]
    event.order = life.refund_order
    event.product = life.refund_product
    event.cents = life.refund_cents
    life.refund_day = -1
    return n
