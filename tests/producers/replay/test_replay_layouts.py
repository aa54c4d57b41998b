"""Rows of each layout as events."""

from typing import Any, ClassVar

import pytest

from domain.events import EVENT_TYPES, Event
from producers.replay.columns import FIELDS, Columns
from producers.replay.online_retail import OnlineRetail
from producers.replay.rows import RejectedRowError
from producers.replay.sparkify import Sparkify
from producers.replay.times import Times

TIMES = Times()


class TestColumns:
    def test_every_option_reaches_its_field(self) -> None:
        row: dict[str, object] = {option: f"<{option}>" for option in FIELDS}
        row |= {"time": "2024-01-01", "amount": "-1.25", "quantity": "3"}
        event = Columns({option: option for option in FIELDS}, "page_view", TIMES).event(row, "f:1")
        for option, field in FIELDS.items():
            if option not in ("time", "amount", "quantity"):
                assert getattr(event, field) == f"<{option}>"
        assert (event.time, event.amount, event.quantity) == (1_704_067_200_000, -1.25, 3)

    def test_what_is_empty_falls_back(self) -> None:
        layout = Columns(
            {"user": "u", "time": "t", "type": "k", "plan": "p", "event_id": "i"}, "hello", TIMES
        )
        event = layout.event({"u": 5, "t": 1_704_067_200, "k": "", "p": " ", "i": None}, "f:1")
        assert event == Event(event_id="f:1", user_id="5", type="hello", time=1_704_067_200_000)

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"u": " "}, "no_user"), ({"u": float("nan")}, "no_user"), ({"t": "x"}, "bad_time"),
            ({"t": "1/2/2024"}, "ambiguous_time"), ({"a": "1,5"}, "bad_amount"), ({"q": "1.5"}, "bad_quantity"),
            ({"u": b"\xff"}, "bad_text"),
        ],
    )  # fmt: skip
    def test_reasons(self, values: dict[str, object], reason: str) -> None:
        layout = Columns({"user": "u", "time": "t", "amount": "a", "quantity": "q"}, "purchase", TIMES)
        with pytest.raises(RejectedRowError, match=reason):
            layout.event({"u": "u", "t": 1_704_067_200, "a": "1", "q": "1"} | values, "f:1")


class TestOnlineRetail:
    ROW: ClassVar[dict[str, object]] = {
        "InvoiceNo": "536365", "StockCode": "85123A", "Description": "HOLDER", "Quantity": "6",
        "InvoiceDate": "2010-12-01 08:26:00", "UnitPrice": "2.55", "CustomerID": "17850.0",
        "Country": "United Kingdom",
    }  # fmt: skip

    def event(self, **values: object) -> Event:
        return OnlineRetail(TIMES).event(self.ROW | values, "f:1")

    def test_a_line_is_a_purchase(self) -> None:
        assert self.event() == Event(
            event_id="f:1", user_id="17850", type="purchase", time=1_291_191_960_000, amount=15.3, quantity=6,
            product="85123A", order_id="536365", geography="United Kingdom",
        )  # fmt: skip

    @pytest.mark.parametrize("values", [{"InvoiceNo": "C1", "Quantity": "-6"}, {"Quantity": "-6"}])
    def test_cancelled_lines_are_refunds(self, values: dict[str, object]) -> None:
        event = self.event(**values)
        assert (event.type, event.amount, event.quantity) == ("refund", 15.3, 6)

    @pytest.mark.parametrize(
        ("quantity", "price", "amount"),
        [("1", "0.005", 0.01), ("3", "0.335", 1.01), ("1", "1.005", 1.01), ("80995", "2.08", 168_469.6),
         ("2", "0", 0.0)],
    )  # fmt: skip
    def test_money_is_rounded_half_up_and_exactly(self, quantity: str, price: str, amount: float) -> None:
        event = self.event(Quantity=quantity, UnitPrice=price)
        assert (event.type, event.amount) == ("purchase", amount)

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"CustomerID": "", "InvoiceDate": "x"}, "no_user"), ({"InvoiceDate": "x"}, "bad_time"),
            ({"UnitPrice": "-1"}, "bad_amount"), ({"UnitPrice": ""}, "bad_amount"),
            ({"Quantity": ""}, "bad_quantity"), ({"Quantity": "1.5"}, "bad_quantity"),
        ],
    )  # fmt: skip
    def test_reasons(self, values: dict[str, object], reason: str) -> None:
        with pytest.raises(RejectedRowError, match=reason):
            self.event(**values)


class TestSparkify:
    ROW: ClassVar[dict[str, object]] = {
        "artist": None, "length": None, "level": "free", "location": "New York-Newark-Jersey City, NY-NJ-PA",
        "page": "Home", "registration": 1540919166796.0, "sessionId": 38, "ts": 1541105830796,
        "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 7_1_2 like Mac OS X)", "userId": "39",
    }  # fmt: skip

    def event(self, **values: object) -> Event:
        return Sparkify(TIMES).event(self.ROW | values, "f:1")

    def test_a_page(self) -> None:
        assert self.event() == Event(
            event_id="f:1", user_id="39", type="page_view", time=1541105830796, session_id="38", plan="free",
            platform="iphone", geography="NY", feature="Home",
        )  # fmt: skip

    def test_a_song_is_a_feature_in_use(self) -> None:
        event = self.event(page="NextSong", artist="x" * 200, length=246.5)
        assert (event.type, event.feature, event.category, event.duration) == (
            "feature_use", "NextSong", "x" * 128, 246.5,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("page", "kind", "change"),
        [
            ("Thumbs Up", "positive_feedback", None), ("Thumbs Down", "negative_feedback", None),
            ("Add Friend", "social_action", None), ("Add to Playlist", "collection_action", None),
            ("Submit Upgrade", "subscription_change", "upgrade"),
            ("Submit Downgrade", "subscription_change", "downgrade"), ("Cancel", "cancellation_started", None),
            ("Cancellation Confirmation", "cancellation", None), ("Submit Registration", "signup", None),
            ("Logout", "session_end", None), ("Never Seen", "page_view", None),
        ],
    )  # fmt: skip
    def test_pages_become_types(self, page: str, kind: str, change: str | None) -> None:
        event = self.event(page=page)
        assert kind in EVENT_TYPES
        assert (event.type, event.change) == (kind, change)

    @pytest.mark.parametrize(
        ("agent", "platform"),
        [
            ('"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) Safari"', "mac"), ("(Windows NT 6.1)", "windows"),
            ("(X11; Linux x86_64)", "linux"), ("(iPad; like Mac OS X)", "ipad"), ("(Linux; Android 5)", "android"),
            (None, None), ("curl", None),
        ],
    )  # fmt: skip
    def test_platforms(self, agent: str | None, platform: str | None) -> None:
        assert self.event(userAgent=agent).platform == platform

    @pytest.mark.parametrize(
        ("values", "reason"),
        [({"userId": ""}, "no_user"), ({"page": None}, "no_page"), ({"ts": "x"}, "bad_time")],
    )
    def test_reasons(self, values: dict[str, object], reason: str) -> None:
        with pytest.raises(RejectedRowError, match=reason):
            self.event(**values)

    @pytest.mark.parametrize(
        ("registration", "time"),
        [(1540919166796.0, 1540919166796), (None, None), ("soon", None), (1541105830797, None)],
    )
    def test_the_registration_is_a_signup_before_the_first_event(
        self, registration: object, time: int | None
    ) -> None:
        layout = Sparkify(TIMES)
        row: dict[str, Any] = self.ROW | {"registration": registration}
        signup = layout.signup(row, layout.event(row, "f:1"))
        assert (None if signup is None else (signup.event_id, signup.type, signup.time)) == (
            None if time is None else ("signup", "signup", time)
        )
