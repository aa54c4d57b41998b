"""The report reaches people once a week, by a real mail server and a real webhook, whatever fails in between."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage, Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from batch_jobs.config import ReportConfig
from batch_jobs.reports.sending import Sending
from batch_jobs.results.errors import ResultsError
from batch_jobs.results.results import Results, open_results
from batch_jobs.results.run import Basis
from local_stack.ports import free_ports
from outlets.hook import Hook, HookError
from tests.batch_jobs.exporter import found

MONDAY = date(2024, 5, 6)


class Box(MessageHandler):
    """What has arrived."""

    def __init__(self) -> None:
        super().__init__(message_class=EmailMessage)
        self.messages: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.messages.append(message)


class Chat(BaseHTTPRequestHandler):
    """A webhook as Slack's."""

    posted: ClassVar[list[Any]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        self.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


@contextmanager
def mail_server(box: Box, port: int) -> Iterator[None]:
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=60.0)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@pytest.fixture
def chat() -> Iterator[str]:
    Chat.posted.clear()
    Chat.status = 200
    with HTTPServer(("127.0.0.1", 0), Chat) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/services/SECRET"
        server.shutdown()


class Clock:
    def __init__(self, day: date) -> None:
        self.moment = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=1)

    def __call__(self) -> int:
        return int(self.moment.timestamp() * 1000)


def put(results: Results, day: date) -> None:
    basis = Basis(as_of=day, settings="s", archive="1")
    for job, tables in (("overview", found.overview()), ("retention", found.retention())):
        results.write(job, basis, tables, 1, lambda: 2, lambda: None)


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return open_results(str(tmp_path))


def test_once_a_week_by_both_ways_whatever_fails(results: Results, chat: str) -> None:
    (port,) = free_ports(1, Random())
    config = ReportConfig(
        smtp_url=f"smtp://127.0.0.1:{port}", sender="ebbwatch@example.org",
        receivers=("a@example.org", "b@example.org"), hook=chat, public_url="https://ebb.example.org/",
    )  # fmt: skip
    clock, box = Clock(MONDAY), Box()
    sending = Sending(results, config, clock)
    sending.look()
    assert Chat.posted == [], "nothing has been found yet"
    put(results, MONDAY)
    sending.look()  # the mail server is away
    assert len(Chat.posted) == 1
    text = Chat.posted[0]["text"]
    assert text.startswith("Ebbwatch as of 2024-05-06\n")
    assert text.endswith("\n\nhttps://ebb.example.org/v1/overview")
    with mail_server(box, port):
        sending.look()
        assert box.messages == [], "tried again a quarter of an hour later"
        clock.moment += timedelta(minutes=15)
        sending.look()
        sending.look()
        Sending(results, config, clock).look()  # a process that has just been started
        assert (len(box.messages), len(Chat.posted)) == (1, 1)
        clock.moment += timedelta(days=7)
        put(results, MONDAY + timedelta(days=7))
        sending.look()
        assert (len(box.messages), len(Chat.posted)) == (2, 2)
    assert len({message["Message-ID"] for message in box.messages}) == 2


def test_the_mail_has_text_page_pictures_and_pdf(results: Results) -> None:
    (port,) = free_ports(1, Random())
    config = ReportConfig(
        smtp_url=f"smtp://127.0.0.1:{port}", sender="e@example.org", receivers=("a@example.org",)
    )
    box = Box()
    put(results, MONDAY)
    with mail_server(box, port):
        Sending(results, config, Clock(MONDAY)).look()
    (message,) = box.messages
    assert message["Subject"] == "Ebbwatch as of 2024-05-06"
    parts = {part.get_content_type(): part for part in message.walk()}
    text = parts["text/plain"].get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert "revenue: the last 30 days 1,234.50, the 30 before 1,000.00" in text
    page = parts["text/html"].get_payload(decode=True).decode()  # type: ignore[union-attr]
    picture = parts["image/png"]
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in page
    assert picture.get_payload(decode=True)[:4] == b"\x89PNG"  # type: ignore[index]
    assert parts["application/pdf"].get_filename() == "ebbwatch-2024-05-06.pdf"


def test_nothing_is_sent_of_history_nor_where_nothing_is_configured(results: Results, chat: str) -> None:
    put(results, date(2011, 5, 2))
    Sending(results, ReportConfig(hook=chat), Clock(MONDAY)).look()
    put(results, MONDAY)
    Sending(results, ReportConfig(), Clock(MONDAY)).look()
    assert Chat.posted == []


def test_a_chat_that_refuses_is_named_without_its_secret(chat: str) -> None:
    Chat.status = 403
    with pytest.raises(HookError, match=r"^127\.0\.0\.1 answered 403$"):
        Hook(chat).send("x")
    with pytest.raises(HookError, match=r"^127\.0\.0\.1: ConnectError$"):
        Hook("http://127.0.0.1:9/SECRET").send("x")
    with pytest.raises(ValueError, match="EBBWATCH_REPORT_HOOK"):
        Hook("hooks.slack.com/x")


def test_a_damaged_memory_is_said(results: Results, chat: str, tmp_path: Path) -> None:
    put(results, MONDAY)
    (tmp_path / "report.json").write_text("{")
    with pytest.raises(ResultsError, match="delete it"):
        Sending(results, ReportConfig(hook=chat), Clock(MONDAY)).look()
    assert Chat.posted == []
