"""Events as the JSON that goes over the wire, column by column, a hundred thousand at a time."""

from itertools import product
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from producers.simulator import vocabulary as words

_MOST_SECONDS: Final = 600
_NONE: Final = pa.scalar("")


def _table(fragments: list[str]) -> Any:
    return pa.array(fragments, pa.string())


def _subjects() -> list[str]:
    features = zip(words.FEATURES, words.FEATURE_CATEGORIES, strict=True)
    named = [f',"feature":"{feature}","category":"{category}"' for feature, category in features]
    return ["", *named, *(f',"category":"{topic}"' for topic in words.TOPICS)]


def _contexts() -> list[str]:
    """What follows the session's number, by (in a session, session type, platform, plan)."""
    fragments = []
    for inside, kind, platform, plan in product((0, 1), words.SESSION_TYPES, words.PLATFORMS, words.PLANS):
        fragment = '"' if inside else ""
        for name, value in (("session_type", kind), ("platform", platform), ("plan", plan)):
            fragment += f',"{name}":"{value}"' if value else ""
        fragments.append(fragment)
    return fragments


_TYPES: Final = _table([f'","type":"{name}","time":' for name in words.TYPES])
_SESSIONS: Final = _table(["", ',"session_id":"s'])
_CONTEXTS: Final = _table(_contexts())
_ORIGINS: Final = _table(
    ["", *(f',"channel":"{c}","geography":"{g}"' for c, g in product(words.CHANNELS, words.GEOGRAPHIES))]
)
_SUBJECTS: Final = _table(_subjects())
_DURATIONS: Final = _table(["", *(f',"duration":{seconds}' for seconds in range(1, _MOST_SECONDS + 1))])
_ENDS: Final = _table([note + "}" for note in words.NOTES])


def encode(events: NDArray[Any], traits: NDArray[Any]) -> tuple[list[bytes], list[bytes]]:
    """User ids and JSON values of events, in their order.

    Args:
        events: of dtype `EVENT`.
        traits: of dtype `TRAITS`, of all users.
    """
    users = pc.utf8_lpad(pa.array(events["user"]).cast(pa.string()), words.USER_ID_WIDTH, "0")
    keys = pc.binary_join_element_wise("u", users, "")
    values = pc.binary_join_element_wise(
        pa.scalar('{"event_id":"e'),
        pa.array(events["number"]).cast(pa.string()),
        pa.scalar('","user_id":"'),
        keys,
        _TYPES.take(pa.array(events["type"])),
        pa.array(events["time"]).cast(pa.string()),
        _SESSIONS.take(pa.array((events["session"] > 0).astype(np.uint8))),
        _number_or_none(events["session"]),
        _CONTEXTS.take(pa.array(_context_codes(events))),
        _ORIGINS.take(pa.array(_origin_codes(events, traits))),
        _SUBJECTS.take(pa.array(events["subject"])),
        _DURATIONS.take(pa.array(events["duration"])),
        _trade(events),
        _ENDS.take(pa.array(events["note"])),
        _NONE,
    )
    return _as_bytes(keys), _as_bytes(values)


def _as_bytes(column: Any) -> list[bytes]:
    found: list[bytes] = column.cast(pa.binary()).to_numpy(zero_copy_only=False).tolist()
    return found


def _number_or_none(numbers: NDArray[Any]) -> Any:
    return pc.if_else(pa.array(numbers > 0), pa.array(numbers).cast(pa.string()), _NONE)


def _context_codes(events: NDArray[Any]) -> NDArray[np.int64]:
    shape = (2, len(words.SESSION_TYPES), len(words.PLATFORMS), len(words.PLANS))
    inside = (events["session"] > 0).astype(np.int64)
    return np.ravel_multi_index((inside, events["session_type"], events["platform"], events["plan"]), shape)


def _origin_codes(events: NDArray[Any], traits: NDArray[Any]) -> NDArray[np.int64]:
    who = traits[["channel", "geography"]][events["user"]]
    codes = 1 + who["channel"].astype(np.int64) * len(words.GEOGRAPHIES) + who["geography"]
    return np.where(events["origin"] > 0, codes, 0)


def _trade(events: NDArray[Any]) -> Any:
    """Product, order and money of the few events that have any."""
    traded = events["cents"] >= 0
    some = events[traded]
    fragments = [
        (f',"product":"p{product}","order_id":"o{order}"' if order else "")
        + (f',"quantity":{quantity}' if quantity else "")
        + f',"amount":{_money(cents)}'
        + (f',"discount":{_money(discount)}' if discount >= 0 else "")
        for product, order, quantity, cents, discount in some[
            ["product", "order", "quantity", "cents", "discount"]
        ].tolist()
    ]
    return pc.replace_with_mask(
        pa.repeat(_NONE, len(events)), pa.array(traded), pa.array(fragments, pa.string())
    )


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
