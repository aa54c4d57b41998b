"""Segment's messages as our events: pure. The table is `docs/api-ingest.md`."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from api.access.identity import inside
from api.segment import names
from api.segment.fields import Object, items, mapping, money, number, platform, text
from api.segment.times import event_time
from domain.events import EVENT_TYPES

KINDS: Final = ("track", "identify", "page", "screen", "group", "alias")
UNMERGED: Final = ("group", "alias")
"""Accepted and counted; they change nothing."""

MAX_LINES: Final = 100
"""Products of one order that become lines of their own; the rest of it is one more line."""

MAX_NUMBER: Final = 2**53 - 1
"""Of an id that is a number: what JSON carries exactly everywhere (RFC 8259)."""

_LONGEST_TYPE: Final = 64
_LONGEST_ID: Final = 120
"""Characters; a line's number stands behind it."""

Fields = dict[str, Any]


class Around(NamedTuple):
    """What is known of a message from its request."""

    sent_at: object
    context: Object
    received_ms: int
    secret: str
    """For user ids; see `inside`."""


class Mapped(NamedTuple):
    """Events of one message; without a user they are for the dead letters."""

    kind: str
    message_id: str
    events: list[Fields]
    user: str | None


class UnmappableError(ValueError):
    """The message is none of Segment's; `field` says where."""

    def __init__(self, field: str, reason: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field: Final = field
        self.reason: Final = reason
        self.message: Final = message


def mapped(message: Object, around: Around) -> Mapped:
    """The events of a message.

    Raises:
        UnmappableError: it has no known type, a track call no event name, or an id that is none.
    """
    kind = message.get("type")
    if kind not in KINDS:
        raise UnmappableError("type", "bad_type", f"must be one of {', '.join(KINDS)}")
    user = _id(message, "userId")
    message_id = _message_id(message, around.received_ms)
    if kind in UNMERGED:
        return Mapped(kind, message_id, [], user)
    context = {**around.context, **mapping(message.get("context"))}
    traits = {**mapping(context.get("traits")), **(mapping(message.get("traits")))}
    common: Fields = {
        "event_id": message_id,
        "time": event_time(
            message.get("timestamp") or message.get("originalTimestamp"),
            message.get("sentAt") or around.sent_at,
            around.received_ms,
        ),
        "platform": text(traits.get("platform")) or platform(context),
        "plan": text(traits.get("plan")),
        "channel": text(
            traits.get("channel"), mapping(context.get("campaign")).get("source"), traits.get("utm_source")
        ),
        "geography": text(
            traits.get("country"),
            mapping(traits.get("address")).get("country"),
            mapping(context.get("location")).get("country"),
        ),
    }
    inner = None
    if user is not None:
        inner = common["user_id"] = inside(user, around.secret)
    elif (anonymous := text(message.get("anonymousId"))) is not None:
        common["properties"] = {"anonymous_id": inside(anonymous, around.secret)}
    events = [_without_none(event) for event in _events(kind, message, common)]
    return Mapped(kind, message_id, events, inner)


def _events(kind: str, message: Object, common: Fields) -> Iterator[Fields]:
    properties = mapping(message.get("properties"))
    own = {**properties, **common.get("properties", {})}
    if kind == "identify":
        yield {**common, "type": "identify"}
        return
    if kind in ("page", "screen"):
        if name := text(message.get("name")):
            own["name"] = name
        category = text(message.get("category"), properties.get("category"))
        yield {**common, "type": "page_view", "category": category, "properties": own or None}
        return
    spoken = message.get("event")
    if not isinstance(spoken, str) or not spoken.strip():
        raise UnmappableError("event", "missing", "a track call needs the name of its event")
    name = names.snake(spoken)[:_LONGEST_TYPE] or "unnamed"
    common = {**common, "session_id": text(properties.get("session_id")), "properties": own or None}
    yield from _tracked(name, properties, common)


def _tracked(name: str, properties: Object, common: Fields) -> Iterator[Fields]:
    type_ = names.type_of(name) if name != names.REVIEW else names.of_review(number(properties.get("rating")))
    event: Fields = {
        **common,
        "type": type_,
        "product": _product(properties),
        "category": text(properties.get("category")),
    }
    match type_:
        case "purchase":
            yield from _lines(properties, event)
            return
        case "refund":
            event["order_id"] = text(properties.get("order_id"))
            event["amount"] = money(*(properties.get(n) for n in ("amount", "total", "revenue", "value")))
        case "feature_use":
            event["feature"] = text(properties.get("feature")) or name
        case "subscription_change" | "renewal" | "payment_failed":
            event["amount"] = money(*(properties.get(n) for n in ("amount", "revenue", "total", "value")))
            event["plan"] = text(properties.get("plan")) or common["plan"]
            change = properties.get("change")
            event["change"] = change if change in ("upgrade", "downgrade") else None
        case "experiment_assignment":
            event["experiment"] = text(
                properties.get("experiment_name"),
                properties.get("experiment_id"),
                properties.get("experiment"),
            )
            event["variant"] = text(
                properties.get("variation_name"), properties.get("variation_id"), properties.get("variant")
            )
        case _ if type_ not in EVENT_TYPES:
            event["feature"] = text(properties.get("feature"))
    yield event


def _lines(properties: Object, event: Fields) -> Iterator[Fields]:
    """One event for each product of an order; what is left of the money, or all of it, is on the first line."""
    found = properties.get("products")
    products = [mapping(p) for p in found] if isinstance(found, list) else []
    products = [p for p in products if p]
    event["order_id"] = text(properties.get("order_id"), properties.get("checkout_id"))
    event["discount"] = money(properties.get("discount"))
    total = money(*(properties.get(n) for n in ("revenue", "subtotal", "total", "value", "amount")))
    if not products:
        price, quantity = money(properties.get("price")), items(properties.get("quantity"))
        amount = total if price is None else money(price * (1 if quantity is None else quantity))
        yield {**event, "amount": amount if total is None else total, "quantity": quantity}
        return
    priced = any(money(p.get("price")) is not None for p in products)
    for line, product in enumerate(_few(products)):
        price, quantity = money(product.get("price")), items(product.get("quantity"))
        amount = None if price is None else money(price * (1 if quantity is None else quantity))
        if not priced and line == 0:
            amount = total
        kept = {"properties": event.get("properties"), "discount": event["discount"]} if line == 0 else {}
        yield {
            **event,
            "event_id": event["event_id"] if line == 0 else f"{event['event_id']}/{line}",
            "product": _product(product),
            "category": text(product.get("category")) or event["category"],
            "quantity": quantity,
            "amount": amount,
            "discount": None,
            "properties": None,
            **kept,
        }


def _few(products: list[Object]) -> list[Object]:
    """At most `MAX_LINES`, and one that stands for all the others: money is not lost."""
    rest = products[MAX_LINES:]
    if not rest:
        return products
    pairs = [(money(p.get("price")) or 0.0, items(p.get("quantity"))) for p in rest]
    total = sum(price * (1 if quantity is None else quantity) for price, quantity in pairs)
    return [*products[:MAX_LINES], {"price": total}]


def _product(properties: Object) -> str | None:
    return text(*(properties.get(name) for name in ("product_id", "sku", "product", "name")))


def _id(message: Object, field: str) -> str | None:
    """None where it is absent or empty; libraries write numbers as texts, some devices do not."""
    found = message.get(field)
    if found is None or found == "":
        return None
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise UnmappableError(field, "bad_user", "must be a text or a whole number")
    if isinstance(found, int) and abs(found) > MAX_NUMBER:
        raise UnmappableError(field, "bad_user", "is a number of more than 53 bits: send it as a text")
    found = str(found)
    if len(found) > 128:
        raise UnmappableError(field, "too_long", "has more than 128 characters")
    if "\0" in found:
        raise UnmappableError(field, "bad_user", "contains a null character")
    return found


def _message_id(message: Object, received_ms: int) -> str:
    """As it was given; else a digest of the message, so that a repeat is one if its time says so."""
    found = message.get("messageId")
    if isinstance(found, str) and 0 < len(found) <= _LONGEST_ID:
        return found
    told: object = found
    if not isinstance(found, str) or not found:
        told = {name: value for name, value in message.items() if name != "sentAt"}
        if not message.get("timestamp") and not message.get("originalTimestamp"):
            told = [told, received_ms]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:32]


def _without_none(event: Fields) -> Fields:
    return {name: value for name, value in event.items() if value is not None}
