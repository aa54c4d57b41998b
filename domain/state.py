"""A user's state: one record of fixed layout, and the bytes that it is stored as.

`docs/user-state.md` says what each field means and how an event changes it. All numbers are integers, so
that two folds of the same log can be compared byte by byte.
"""

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

STATE_VERSION: Final = 1
"""Raised with any change of `STATE` or of its packing; a store of another version wants a rebuild."""

DAYS: Final = 64
"""Day buckets: 30 days and the 30 before, rounded up to a power of two."""
WEEKS: Final = 32
"""Week buckets: 26 weeks, rounded up to a power of two."""
IDS: Final = 64
"""Event ids remembered for the duplicate check."""
FAVOURITES: Final = 4
"""Counters of the Space-Saving summary (Metwally, Agrawal, El Abbadi 2005)."""

STATE: Final = np.dtype(
    [
        # -- who the user is now
        ("version", "<u2"),
        ("gone", "u1"),
        ("paid", "u1"),
        ("session_over", "u1"),
        ("pad", "u1", (3,)),
        ("platform", "<u4"),
        ("plan", "<u4"),
        ("channel", "<u4"),
        ("geography", "<u4"),
        # -- moments, ms since 1970 unless named _s; 0 is never
        ("first_ms", "<i8"),
        ("last_ms", "<i8"),
        ("signup_ms", "<i8"),
        ("last_signup_ms", "<i8"),
        ("cancelled_ms", "<i8"),
        ("gone_ms", "<i8"),
        ("first_session_ms", "<i8"),
        ("session_start_ms", "<i8"),
        ("last_active_ms", "<i8"),
        ("session_end_s", "<i8"),
        ("last_purchase_ms", "<i8"),
        ("last_ticket_ms", "<i8"),
        ("last_failed_ms", "<i8"),
        ("trial_ms", "<i8"),
        ("plan_change_ms", "<i8"),
        ("timer_ms", "<i8"),
        ("session", "<u8"),
        ("session_before", "<u8"),
        ("order", "<u8"),
        # -- lifetime counters
        ("events", "<u4"),
        ("late", "<u4"),
        ("sessions", "<u4"),
        ("pages", "<u4"),
        ("active_days", "<u4"),
        ("active_weeks", "<u4"),
        ("active_months", "<u4"),
        ("first_week_sessions", "<u4"),
        ("weekend_sessions", "<u4"),
        ("evening_sessions", "<u4"),
        ("tutorial_sessions", "<u4"),
        ("usage_sessions", "<u4"),
        ("support_sessions", "<u4"),
        ("other_sessions", "<u4"),
        ("returns", "<u4"),
        ("conversions", "<u4"),
        ("orders", "<u4"),
        ("lines", "<u4"),
        ("items", "<u4"),
        ("repeated_lines", "<u4"),
        ("discounted_lines", "<u4"),
        ("refunds", "<u4"),
        ("positive", "<u4"),
        ("negative", "<u4"),
        ("social", "<u4"),
        ("collection", "<u4"),
        ("tickets", "<u4"),
        ("trials", "<u4"),
        ("renewals", "<u4"),
        ("failed_payments", "<u4"),
        ("upgrades", "<u4"),
        ("downgrades", "<u4"),
        # -- sums; seconds and squared seconds, minor units of money
        ("seconds", "<i8"),
        ("gap_count", "<u4"),
        ("last_gap_s", "<u4"),
        ("longest_gap_s", "<u4"),
        ("purchase_gap_count", "<u4"),
        ("gap_sum_s", "<i8"),
        ("gap_square_s2", "<i8"),
        ("purchase_gap_sum_s", "<i8"),
        ("purchase_gap_square_s2", "<i8"),
        ("last_purchase_gap_s", "<u4"),
        ("discounts_pad", "<u4"),
        ("spent", "<i8"),
        ("refunded", "<i8"),
        ("discounted", "<i8"),
        # -- what is used: linear-counting bitmaps, and the most frequent
        ("feature_bits", "<u8", (2,)),
        ("category_bits", "<u8", (2,)),
        ("product_bits", "<u8", (8,)),
        ("feature_top", "<u4", (FAVOURITES,)),
        ("feature_count", "<u4", (FAVOURITES,)),
        ("category_top", "<u4", (FAVOURITES,)),
        ("category_count", "<u4", (FAVOURITES,)),
        # -- buckets: newest index, then rings by index modulo length
        ("day", "<i4"),
        ("week", "<i4"),
        ("days", "<u2", (DAYS, 4)),  # events, sessions, pages, seconds
        (
            "weeks",
            "<u4",
            (WEEKS, 8),
        ),  # events, sessions, pages, active days, seconds, orders, spent, refunded
        # -- duplicate check
        ("id_count", "<u8"),
        ("ids", "<u8", (IDS,)),
    ]
)
assert STATE.itemsize % 8 == 0

WORDS: Final = STATE.itemsize // 8
PACKED_MAX: Final = WORDS * 10 + 2
"""No packed record is longer: tag, eight bytes and a run length for each word."""

States = npt.NDArray[np.void]
"""Records of dtype `STATE`, shape (users,)."""


def empty(count: int) -> States:
    """`count` users of whom nothing is known, shape (count,)."""
    states = np.zeros(count, STATE)
    states["version"] = STATE_VERSION
    return states


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _pack(rows, chosen, out, starts):  # type: ignore[no-untyped-def]
    """Pack rows[chosen] one after another into out; starts[i] is where record i begins."""
    at = 0
    words = rows.shape[1] // 8
    for i in range(chosen.shape[0]):
        row = rows[chosen[i]]
        starts[i] = at
        last = words
        while last > 0:
            base = (last - 1) * 8
            some = False
            for b in range(8):
                if row[base + b] != 0:
                    some = True
                    break
            if some:
                break
            last -= 1
        w = 0
        while w < last:
            base = w * 8
            tag = 0
            tag_at = at
            at += 1
            for b in range(8):
                value = row[base + b]
                if value != 0:
                    tag |= 1 << b
                    out[at] = value
                    at += 1
            out[tag_at] = tag
            w += 1
            if tag == 0:
                run = 0
                while w < last and run < 255:
                    base = w * 8
                    some = False
                    for b in range(8):
                        if row[base + b] != 0:
                            some = True
                            break
                    if some:
                        break
                    run += 1
                    w += 1
                out[at] = run
                at += 1
            elif tag == 255:
                count_at = at
                at += 1
                run = 0
                while w < last and run < 255:
                    base = w * 8
                    zeros = 0
                    for b in range(8):
                        if row[base + b] == 0:
                            zeros += 1
                    if zeros > 1:
                        break
                    for b in range(8):
                        out[at + b] = row[base + b]
                    at += 8
                    run += 1
                    w += 1
                out[count_at] = run
    starts[chosen.shape[0]] = at


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _unpack(data, starts, rows):  # type: ignore[no-untyped-def]
    """Inverse of `_pack`; rows must be zero. Returns the index of the first damaged record, or -1."""
    size = rows.shape[1]
    for i in range(starts.shape[0] - 1):
        at = starts[i]
        end = starts[i + 1]
        to = 0
        while at < end:
            if to + 8 > size:
                return i
            tag = data[at]
            at += 1
            for b in range(8):
                if tag & (1 << b):
                    if at >= end:
                        return i
                    rows[i, to + b] = data[at]
                    at += 1
            to += 8
            if tag == 0 or tag == 255:
                if at >= end:
                    return i
                run = np.int64(data[at])
                at += 1
                if to + run * 8 > size:
                    return i
                if tag == 255:
                    if at + run * 8 > end:
                        return i
                    for b in range(run * 8):
                        rows[i, to + b] = data[at + b]
                    at += run * 8
                to += run * 8
    return -1


def pack(states: States, chosen: npt.NDArray[np.int64]) -> list[bytes]:
    """The stored form of ``states[chosen]``, shape (len(chosen),).

    Zero bytes are left out as in Cap'n Proto's packing (Cap'n Proto encoding manual, "Packing"), and trailing
    zero words altogether: a user of two sessions takes about 150 bytes instead of 2,400.
    """
    rows = states.view(np.uint8).reshape(len(states), STATE.itemsize)
    out = np.empty(len(chosen) * PACKED_MAX, np.uint8)
    starts = np.empty(len(chosen) + 1, np.int64)
    _pack(rows, chosen, out, starts)
    data = out[: starts[-1]].tobytes()
    edges = starts.tolist()
    return [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]


class DamagedStateError(ValueError):
    """A stored record is not one of ours, or of another version."""


def unpack(stored: list[bytes | None]) -> States:
    """Inverse of `pack`, shape (len(stored),); None stands for a user of whom nothing is stored.

    Raises:
        DamagedStateError: with the position in `stored` of the first record that cannot be read.
    """
    states = np.zeros(len(stored), STATE)
    if stored:
        parts = [b"" if s is None else s for s in stored]
        starts = np.zeros(len(parts) + 1, np.int64)
        np.cumsum([len(p) for p in parts], out=starts[1:])
        rows = states.view(np.uint8).reshape(len(states), STATE.itemsize)
        damaged = _unpack(np.frombuffer(b"".join(parts), np.uint8), starts, rows)
        if damaged >= 0:
            raise DamagedStateError(f"record {damaged} of {len(stored)} cannot be unpacked")
        new = np.fromiter((not p for p in parts), np.bool_, len(parts))
        states["version"][new] = STATE_VERSION
        if (states["version"] != STATE_VERSION).any():
            damaged = int(np.argmax(states["version"] != STATE_VERSION))
            raise DamagedStateError(
                f"record {damaged} of {len(stored)} has layout version {states['version'][damaged]}, "
                f"this is version {STATE_VERSION}: run `ebbwatch rebuild`"
            )
    return states
