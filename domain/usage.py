"""What an activity counts: buckets, pages, features and categories used, feedback."""

from typing import Final

import numpy as np

from domain.buckets import ACTIVE_DAYS, EVENTS, PAGES, U32, add16, add32
from domain.columns import KINDS
from domain.compiled import compiled
from domain.state import FAVOURITES

_PAGE_VIEW: Final = KINDS["page_view"]
_POSITIVE: Final = KINDS["positive_feedback"]
_NEGATIVE: Final = KINDS["negative_feedback"]
_SOCIAL: Final = KINDS["social_action"]
_COLLECTION: Final = KINDS["collection_action"]


@compiled
def favour(tops, counts, code):  # type: ignore[no-untyped-def]
    """Space-Saving (Metwally, Agrawal, El Abbadi 2005) with `FAVOURITES` counters."""
    least = 0
    for i in range(FAVOURITES):
        if counts[i] > 0 and tops[i] == code:
            counts[i] = min(np.int64(counts[i]) + 1, U32)
            return
        if counts[i] < counts[least]:
            least = i
    tops[least] = code
    counts[least] = min(np.int64(counts[least]) + 1, U32)


@compiled
def _use(u, e):  # type: ignore[no-untyped-def]
    if e.feature != 0:
        bit = e.feature % 128
        u.feature_bits[bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
        favour(u.feature_top, u.feature_count, e.feature)
    if e.category != 0:
        bit = e.category % 128
        u.category_bits[bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
        favour(u.category_top, u.category_count, e.category)
    if e.kind == _POSITIVE:
        u.positive += 1
    elif e.kind == _NEGATIVE:
        u.negative += 1
    elif e.kind == _SOCIAL:
        u.social += 1
    elif e.kind == _COLLECTION:
        u.collection += 1


@compiled
def count_activity(u, e, day_slot, week_slot):  # type: ignore[no-untyped-def]
    """What applied and late activities add alike."""
    if day_slot >= 0:
        if u.days[day_slot, EVENTS] == 0:
            u.active_days += 1
            if week_slot >= 0:
                add32(u.weeks, week_slot, ACTIVE_DAYS, 1)
        add16(u.days, day_slot, EVENTS, 1)
    if week_slot >= 0:
        if u.weeks[week_slot, EVENTS] == 0:
            u.active_weeks += 1
        add32(u.weeks, week_slot, EVENTS, 1)
    u.events += 1
    pages = np.int64(e.pages)
    if pages < 0:
        pages = np.int64(e.kind == _PAGE_VIEW)
    if pages > 0:
        u.pages = min(np.int64(u.pages) + pages, U32)
        if day_slot >= 0:
            add16(u.days, day_slot, PAGES, pages)
        if week_slot >= 0:
            add32(u.weeks, week_slot, PAGES, pages)
    _use(u, e)
