"""The table of `docs/api-ingest.md`: Segment's messages as our events."""

from typing import Any

import pytest

from api.access.identity import inside
from api.segment.mapping import MAX_LINES, Around, Mapped, UnmappableError, mapped
from api.segment.names import TYPES
from domain.events import EVENT_TYPES

RECEIVED = 1_700_000_100_000
AT = "2023-11-14T22:13:20.000Z"  # 1_700_000_000_000
ABOUT = {"userId": "u", "messageId": "m", "timestamp": AT}


def around(**given: Any) -> Around:
    return Around(**{"sent_at": None, "context": {}, "received_ms": RECEIVED, "secret": ""} | given)


def one(message: dict[str, Any], **given: Any) -> Mapped:
    return mapped(ABOUT | message, around(**given))


def track(event: str, **properties: Any) -> list[dict[str, Any]]:
    return one({"type": "track", "event": event, "properties": properties}).events


def test_what_every_event_has() -> None:
    found = one({"type": "page"})
    assert found == Mapped("page", "m", [
        {"event_id": "m", "user_id": "u", "time": 1_700_000_000_000, "type": "page_view"}
    ], "u")  # fmt: skip


@pytest.mark.parametrize("name", ["Signed Up", "signed_up", "signedUp", "signed-up", "signup"])
def test_a_name_may_be_written_in_several_ways(name: str) -> None:
    assert track(name)[0]["type"] == "signup"


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_our_own_types_are_names(type_: str) -> None:
    assert track(type_)[0]["type"] == type_


def test_specified_names_lead_to_types_that_we_have() -> None:
    assert set(TYPES.values()) <= EVENT_TYPES.keys()


@pytest.mark.parametrize(
    ("name", "type_"), [("Report Exported", "report_exported"), ("导出", "导出"), ("!!", "!!")]
)
def test_another_name_is_a_custom_type(name: str, type_: str) -> None:
    assert track(name)[0]["type"] == type_


@pytest.mark.parametrize(
    ("rating", "type_"),
    [
        (5, "positive_feedback"),
        ("4", "positive_feedback"),
        (3, "feature_use"),
        (1, "negative_feedback"),
        (None, "feature_use"),
    ],
)
def test_a_review_is_what_its_rating_says(rating: object, type_: str) -> None:
    assert track("Product Reviewed", rating=rating)[0]["type"] == type_


def test_an_order_is_one_line_for_each_product() -> None:
    lines = track(
        "Order Completed", order_id="o", revenue=99, discount=2, category="gifts", coupon="c",
        products=[
            {"product_id": "mug", "sku": "s", "price": 10, "quantity": 2, "category": "cups"},
            {"sku": "pen", "price": "1.5"},
            {"name": "card"},
        ],
    )  # fmt: skip
    told = [
        [e.get(n) for n in ("event_id", "product", "quantity", "amount", "discount", "category")]
        for e in lines
    ]
    assert told == [
        ["m", "mug", 2, 20.0, 2.0, "cups"],
        ["m/1", "pen", None, 1.5, None, "gifts"],
        ["m/2", "card", None, None, None, "gifts"],
    ]
    assert {e["order_id"] for e in lines} == {"o"}
    assert lines[0]["properties"]["coupon"] == "c"
    assert "properties" not in lines[1]


def test_an_order_without_prices_has_its_money_on_the_first_line() -> None:
    lines = track("Order Completed", revenue="25.5", products=[{"sku": "a"}, {"sku": "b"}])
    assert [e.get("amount") for e in lines] == [25.5, None]
    assert track("Order Completed", total=7)[0]["amount"] == 7.0


def test_a_long_order_ends_with_a_line_for_all_others() -> None:
    products = [{"sku": str(n), "price": 2, "quantity": 3} for n in range(MAX_LINES + 10)]
    lines = track("Order Completed", products=products)
    assert len(lines) == MAX_LINES + 1
    assert sum(e["amount"] for e in lines) == 6 * (MAX_LINES + 10)


def test_a_refund_takes_its_money_from_the_total() -> None:
    event = track("Order Refunded", order_id="o", total=12)[0]
    assert (event["type"], event["order_id"], event["amount"]) == ("refund", "o", 12.0)


def test_an_experiment_names_its_variant() -> None:
    event = track("Experiment Viewed", experiment_name="checkout", variation_name="control")[0]
    assert (event["experiment"], event["variant"]) == ("checkout", "control")


def test_a_number_is_an_id_as_libraries_write_it() -> None:
    assert one({"type": "page", "userId": 17}).user == one({"type": "page", "userId": 17.0}).user == "17"


def test_traits_speak_of_plan_and_place_and_nothing_else_is_kept() -> None:
    traits = {"plan": "pro", "address": {"country": "DE"}, "email": "a@example.org", "platform": "kiosk"}
    (event,) = one({"type": "identify", "traits": traits}).events
    assert event == {
        "event_id": "m", "user_id": "u", "time": 1_700_000_000_000, "type": "identify", "plan": "pro",
        "geography": "DE", "platform": "kiosk",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("context", "platform"),
    [
        ({"device": {"type": "iOS"}}, "ios"),
        ({"os": {"name": "Android"}}, "android"),
        ({"os": {"name": "iPadOS"}}, "ios"),
        ({"os": {"name": "Mac OS X"}, "userAgent": "Mozilla"}, "web"),
        ({"page": {"path": "/"}}, "web"),
        ({"app": {"name": "Till"}}, "till"),
        ({"os": {"name": "Linux"}}, "linux"),
        ({"library": {"name": "analytics-python"}}, None),
        ({"os": 5, "device": "x"}, None),
    ],
)
def test_the_context_tells_the_platform(context: dict[str, Any], platform: str | None) -> None:
    assert one({"type": "page", "context": context}).events[0].get("platform") == platform
    assert one({"type": "page"}, context=context).events[0].get("platform") == platform


def test_a_wrong_clock_is_corrected_as_segment_does() -> None:
    late = one({"type": "page", "timestamp": "2030-01-01T00:00:00Z"}, sent_at="2030-01-01T00:00:40Z")
    assert late.events[0]["time"] == RECEIVED - 40_000
    assert one({"type": "page", "timestamp": "soon"}).events[0]["time"] == RECEIVED
    old = one({"type": "page", "timestamp": None, "originalTimestamp": AT})
    assert old.events[0]["time"] == 1_700_000_000_000


def test_without_a_user_there_is_an_anonymous_one() -> None:
    found = one({"type": "page", "userId": None, "anonymousId": "anon"})
    assert found.user is None
    assert found.events[0]["properties"] == {"anonymous_id": "anon"}
    assert "user_id" not in found.events[0]


@pytest.mark.parametrize("kind", ["group", "alias"])
def test_group_and_alias_make_no_event(kind: str) -> None:
    assert one({"type": kind, "previousId": "x", "groupId": "g"}).events == []


def test_with_a_secret_ids_are_hashed() -> None:
    found = one({"type": "page"}, secret="s")
    assert found.user == found.events[0]["user_id"] == inside("u", "s")
    anonymous = one({"type": "page", "userId": "", "anonymousId": "anon"}, secret="s")
    assert "anon" not in str(anonymous.events[0]["properties"].values())


def test_without_a_message_id_a_repeat_has_the_same() -> None:
    message = {"userId": "u", "type": "page", "timestamp": AT}
    first = mapped(message, around(received_ms=1)).message_id
    assert first == mapped(message, around(received_ms=2)).message_id
    assert first != mapped(message | {"name": "other"}, around(received_ms=1)).message_id
    untimed = {"userId": "u", "type": "page"}
    assert (
        mapped(untimed, around(received_ms=1)).message_id != mapped(untimed, around(received_ms=2)).message_id
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "charge"}, "type"),
        ({"type": None}, "type"),
        ({"type": "track"}, "event"),
        ({"type": "track", "event": " "}, "event"),
        ({"type": "page", "userId": True}, "userId"),
        ({"type": "page", "userId": ["u"]}, "userId"),
        ({"type": "page", "userId": 2**53}, "userId"),
        ({"type": "page", "userId": 0.5}, "userId"),
        ({"type": "page", "userId": "u" * 129}, "userId"),
        ({"type": "page", "userId": "a\0"}, "userId"),
    ],
)
def test_what_cannot_be_mapped_names_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(UnmappableError) as raised:
        one(change)
    assert raised.value.field == field
