"""The client's way over HTTP: what fits into a request, how long to wait, what cannot be helped."""

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from producers.client import EbbwatchClient
from producers.client.buffer import Record
from producers.client.http_delivery import batches, wait_before
from tests.producers.waiting import await_fault

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


Said = tuple[int, dict[str, str], Any]
"""Status, headers, body."""


class Api(ThreadingHTTPServer):
    """Says what it was told to say, then that all is well."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.says: list[Said] = []
        self.seen: list[tuple[dict[str, str], list[dict[str, Any]]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        api = self.server
        assert isinstance(api, Api)
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        events = json.loads(body)
        api.seen.append(({k.lower(): v for k, v in self.headers.items()}, events))
        results = [{"status": "accepted"} for _ in events]
        well: Said = (200, {}, {"accepted": len(events), "rejected": 0, "results": results})
        status, headers, answer = api.says.pop(0) if api.says else well
        if status == 0:  # hang up without a word
            self.close_connection = True
            return
        told = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(told))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_events_go_packed_with_key_and_idempotency_key(api: Api) -> None:
    with EbbwatchClient(api.url, key="k", max_buffer_events=5000) as client:
        for number in range(300):
            client.track(f"u{number}", "page_view", event_id=str(number))
        assert client.flush(60)
        assert (client.stats().sent, client.stats().waiting) == (300, 0)
    assert [e["event_id"] for _, events in api.seen for e in events] == [str(n) for n in range(300)]
    assert {h["authorization"] for h, _ in api.seen} == {"Bearer k"}
    assert len({h["idempotency-key"] for h, _ in api.seen}) == len(api.seen)


@pytest.mark.parametrize("status", [0, 401, 408, 409, 429, 500, 503])
def test_what_may_pass_is_sent_again_under_the_same_idempotency_key(api: Api, status: int) -> None:
    api.says = [(status, {}, {}), (200, {}, "what a proxy says")]
    with EbbwatchClient(api.url, key="k") as client:
        client.track("u", "page_view", event_id="e")
        assert client.flush(60)
        assert client.stats().sent == 1
    assert len(api.seen) == 3
    assert len({h["idempotency-key"] for h, _ in api.seen}) == 1


def test_what_the_api_refuses_is_counted_as_failed(api: Api) -> None:
    api.says = [
        (200, {}, {"accepted": 0, "rejected": 1, "results": [{"status": "rejected", "field": "user_id"}]}),
        (422, {}, {"detail": "no"}),
    ]  # fmt: skip
    with EbbwatchClient(api.url, key="k") as client:
        for _ in range(2):
            client.track("u", "page_view")
            assert client.flush(60)
        stats = client.stats()
        client.track("u", "page_view")
    assert (stats.sent, stats.failed) == (0, 2)
    assert (client.stats().sent, client.stats().failed) == (1, 2)


def test_without_an_api_events_wait_and_the_end_is_not_held_up(free_address: str) -> None:
    client = EbbwatchClient(f"http://{free_address}", key="k")
    client.track("u", "page_view")
    await_fault(client)
    assert not client.flush(0.1)
    assert client.close(timeout=0) is False
    assert (client.stats().failed, client.stats().waiting) == (1, 0)
    assert "Connection refused" in (client.stats().last_error or "")


def test_an_api_that_does_not_answer_holds_up_nobody(api: Api) -> None:
    asleep = threading.Event()

    class Slow(Handler):
        def do_POST(self) -> None:
            asleep.wait(20)

    api.RequestHandlerClass = Slow
    client = EbbwatchClient(api.url, key="k")
    client.track("u", "page_view")
    assert not client.flush(0.3)
    assert client.close(timeout=0) is False  # returns, and its thread has ended
    asleep.set()


def test_another_address_is_refused() -> None:
    with pytest.raises(ValueError, match="no address"):
        EbbwatchClient("http://", key="k")


def test_requests_are_bounded_in_events_bytes_and_events_of_a_user() -> None:
    many = [Record(b"u%d" % n, b"x") for n in range(1100)]
    assert [len(b) for b in batches(many)] == [500, 500, 100]
    large = [Record(b"u%d" % n, b"x" * 60_000) for n in range(40)]
    assert [len(b) for b in batches(large)] == [14, 14, 12]
    one = [Record(b"u", b"x")] * 70
    assert [len(b) for b in batches(one)] == [32, 32, 6]
    assert list(batches([])) == []


def test_waits_double_up_to_a_bound_and_spread() -> None:
    assert [wait_before(n, None, lambda: 0.0) for n in (1, 2, 3)] == [0.125, 0.25, 0.5]
    assert wait_before(3, None, lambda: 1.0) == 1.0
    assert wait_before(1000, None, lambda: 1.0) == 30.0
    assert wait_before(1, "2", lambda: 0.0) == 2.125
    assert wait_before(1, "Wed, 21 Oct 2026 07:28:00 GMT", lambda: 0.0) == 0.125
