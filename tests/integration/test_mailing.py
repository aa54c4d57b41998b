"""Mail to a real SMTP server: a digest a day, one mail for each urgent alert, whatever is started anew."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from random import Random
from typing import Any

import msgspec
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from redis import Redis

from control import tables
from control.effects import effects
from control.log import Log
from control.writing import ControlWriter
from domain.alerts import DAY_MS
from domain.control import FeedEntry, decode
from domain.mails import Envelope
from local_stack.ports import free_ports
from outlets.post import Post
from stream_processors.mailing import Mailing
from tests.integration.feed import prepare
from tests.integration.place import Place

HOUR_MS = 3_600_000
DAWN = 1_764_115_200_000 // DAY_MS * DAY_MS
ENVELOPE = Envelope("ebbwatch@example.org", ("crm@example.org", "ops@example.org"), "tests")


class Box(MessageHandler):
    """What has arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.messages.append(message)

    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.messages]


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def port() -> int:
    (free,) = free_ports(1, Random())
    return free


@contextmanager
def server(box: Box, port: int) -> Iterator[None]:
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=60.0)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def mailing(place: Place, store: Redis, port: int) -> Mailing:
    """As a notifier has it that has just been started."""
    writer = ControlWriter(place.at.kafka, str(place.settings["control_topic"]))
    return Mailing(store, writer, Post(f"smtp://127.0.0.1:{port}"), ENVELOPE, digest_hour=7)


def project(place: Place, store: Redis) -> None:
    """What the notifier does with the records that mailing writes."""
    with Log(place.at.kafka, str(place.settings["control_topic"])) as log:
        for record in log.read(0, 0, log.bounds(0).end):
            for command in effects(decode(record.value or b"")):
                store.execute_command(*command)  # type: ignore[no-untyped-call]


def add(store: Redis, number: int, at: int, **body: Any) -> None:
    told = {"why": "The risk has risen.", "money_at_risk": float(number), "user": f"u\n{number}"} | body
    entry = FeedEntry(number=number, event="alert.raised", alert=f"{number:016x}", user="u", at=at, body=told)
    store.zadd(tables.FEED, {msgspec.json.encode(entry): number})


def test_a_digest_a_day_and_a_mail_for_each_urgent_alert(
    make_place: Callable[..., Place], box: Box, port: int
) -> None:
    place = make_place()
    prepare(place)
    with place.store as store, server(box, port):
        add(store, 1, DAWN - 2 * DAY_MS, urgent=True)  # too old to be urgent, and for a digest
        add(store, 2, DAWN - HOUR_MS)
        add(store, 3, DAWN - HOUR_MS, urgent=True)
        first = mailing(place, store, port)
        first.look(DAWN + 6 * HOUR_MS)
        assert box.subjects() == ["Ebbwatch: a valuable customer is at high risk"]
        assert box.messages[0]["To"] == "crm@example.org, ops@example.org"
        first.look(DAWN + 7 * HOUR_MS)
        first.look(DAWN + 8 * HOUR_MS)
        assert box.subjects()[1:] == ["Ebbwatch: alerts of the day before 2025-11-26"]
        text = box.messages[1].get_payload()
        assert isinstance(text, str)
        assert text.startswith("2 alerts were handed out, 0 were resolved.")
        assert text.index("u?3: ") < text.index("u?2: ")  # the most money first
        project(place, store)
        again = mailing(place, store, port)  # started anew: it knows what has left
        again.look(DAWN + 9 * HOUR_MS)
        assert len(box.messages) == 2
        add(store, 4, DAWN + 9 * HOUR_MS, urgent=True)
        again.look(DAWN + 10 * HOUR_MS)
        again.look(DAWN + DAY_MS + 7 * HOUR_MS)
        again.look(DAWN + 2 * DAY_MS + 7 * HOUR_MS)  # nothing has happened: no digest
        assert len(box.messages) == 4
        assert len({message["Message-ID"] for message in box.messages}) == 4


def test_a_server_that_is_away_is_tried_again_a_minute_later(
    make_place: Callable[..., Place], box: Box, port: int
) -> None:
    place = make_place()
    prepare(place)
    with place.store as store:
        add(store, 3, DAWN, urgent=True)
        waits = mailing(place, store, port)
        waits.look(DAWN)
        with server(box, port):
            waits.look(DAWN + 59_000)
            assert box.messages == []
            waits.look(DAWN + 60_000)
        assert len(box.messages) == 1
