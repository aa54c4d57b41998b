"""Purchases and refunds."""

import numpy as np

from domain.buckets import ORDERS, REFUNDED, SPENT, U32, add32, slots_of
from domain.compiled import compiled


@compiled
def purchase(u, e, week_slot, late):  # type: ignore[no-untyped-def]
    if e.order == 0 or e.order != u.order:
        if not late and u.last_purchase_ms > 0:
            g = e.time // 1000 - u.last_purchase_ms // 1000
            u.purchase_gap_count += 1
            u.last_purchase_gap_s = g
            u.purchase_gap_sum_s += g
            u.purchase_gap_square_s2 += g * g
        u.orders += 1
        if week_slot >= 0:
            add32(u.weeks, week_slot, ORDERS, 1)
        if not late:
            u.order = e.order
    u.lines += 1
    u.items = min(np.int64(u.items) + e.quantity, U32)
    u.spent += e.amount
    if week_slot >= 0:
        add32(u.weeks, week_slot, SPENT, e.amount)
    u.discounted += e.discount
    if e.discount > 0:
        u.discounted_lines += 1
    if e.product != 0:
        bit = e.product % 512
        mask = np.uint64(1) << np.uint64(bit % 64)
        if u.product_bits[bit // 64] & mask:
            u.repeated_lines += 1
        u.product_bits[bit // 64] |= mask
    if not late:
        u.last_purchase_ms = e.time


@compiled
def refund(u, e):  # type: ignore[no-untyped-def]
    _, week_slot = slots_of(u, e.time)
    u.refunds += 1
    u.refunded += e.amount
    if week_slot >= 0:
        add32(u.weeks, week_slot, REFUNDED, e.amount)
