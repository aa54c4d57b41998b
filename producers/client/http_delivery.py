"""Delivery to the HTTP API: one request at a time, so that each user's events keep their order."""

import gzip
import logging
import random
import socket
import ssl
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from producers.client.buffer import Buffer, Record
from producers.client.delivery import Delivery

_MOST_BYTES: Final = 900_000
"""Of a body before compression; the API takes a megabyte."""
_MOST_EVENTS: Final = 500
_MOST_OF_USER: Final = 32
"""Events of one user in a request. What is sent again is known by its id among the user's last 64 events."""
_COMPRESS_FROM: Final = 1_024
_TIMEOUT_S: Final = 15.0
_FIRST_WAIT_S: Final = 0.25
_LONGEST_WAIT_S: Final = 30.0

_FINAL: Final = frozenset({400, 413, 415, 422})
"""Answers that do not change when the same is sent again. A key that is refused may hold again tomorrow."""


class _Answer(msgspec.Struct):
    accepted: int
    rejected: int
    results: list[dict[str, str | None]]


class Reply(NamedTuple):
    """What the API has said."""

    status: int
    retry_after: str | None
    body: bytes


def wait_before(attempt: int, retry_after: str | None, uniform: Callable[[], float]) -> float:
    """Seconds to wait before an attempt: between half and all of a doubling time, so that clients spread out.

    Args:
        attempt: 1 for the first repeat.
        retry_after: the header, if there was one: no less than that, where it is in seconds.
        uniform: from [0, 1).
    """
    most = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(attempt - 1, 20))
    least = float(retry_after) if retry_after and retry_after.isdecimal() else 0.0
    return min(least, _LONGEST_WAIT_S) + most * (0.5 + 0.5 * uniform())


def batches(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Consecutive ones that fit into one request."""
    batch: list[Record] = []
    users: Counter[bytes] = Counter()
    size = 0
    for record in records:
        full = len(batch) == _MOST_EVENTS or size + len(record.value) + 1 > _MOST_BYTES
        if batch and (full or users[record.key] == _MOST_OF_USER):
            yield batch
            batch, size = [], 0
            users.clear()
        users[record.key] += 1
        batch.append(record)
        size += len(record.value) + 1
    if batch:
        yield batch


class HttpDelivery(Delivery):
    """Sends batches to ``/v1/events`` with an Idempotency-Key each, and again until the API has answered."""

    def __init__(
        self,
        buffer: Buffer,
        address: str,
        key: str,
        logger: logging.Logger,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        """
        Args:
            address: ``http://host:port`` or ``https://host``, with or without a path before ``/v1``.
            key: with the scope ingest.
        """
        super().__init__(buffer, logger, "the API")
        parts = urlsplit(address)
        if not parts.hostname or parts.scheme not in ("http", "https"):
            raise ValueError(f"{address} is no address of an API, such as https://ebbwatch.example")
        self._parts = parts
        self._path = parts.path.rstrip("/") + "/v1/events"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._uniform = uniform
        self._connection: HTTPConnection | None = None
        self._thread.start()

    def _deliver(self, records: Sequence[Record]) -> None:
        for batch in batches(records):
            self._push(batch)

    def _push(self, batch: list[Record]) -> None:
        body = b"[" + b",".join(record.value for record in batch) + b"]"
        headers = self._headers | {"Idempotency-Key": uuid.uuid4().hex}
        if len(body) >= _COMPRESS_FROM:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        attempt = 0
        while not self._stopping.is_set():
            attempt += 1
            try:
                reply = self._request(body, headers)
                if reply.status == 200:
                    self._settle(msgspec.json.decode(reply.body, type=_Answer))
                    return
            except (OSError, HTTPException, msgspec.MsgspecError) as error:  # a proxy may say anything
                self._hang_up()
                if not self._stopping.is_set():
                    self._trouble(error, wait_before(attempt, None, self._uniform))
                continue
            said = f"{reply.status}: {reply.body[:300].decode('utf-8', 'replace')}"
            if reply.status in _FINAL:
                self._give_up(len(batch), said)
                return
            self._trouble(said, wait_before(attempt, reply.retry_after, self._uniform))

    def _request(self, body: bytes, headers: dict[str, str]) -> Reply:
        connection = self._connected()
        connection.request("POST", self._path, body, headers)
        answer: HTTPResponse = connection.getresponse()
        reply = Reply(answer.status, answer.getheader("Retry-After"), answer.read())
        if answer.will_close:
            self._hang_up()
        return reply

    def _connected(self) -> HTTPConnection:
        if self._connection is None:
            host, port = self._parts.hostname or "", self._parts.port
            if self._parts.scheme == "https":
                context = ssl.create_default_context()
                self._connection = HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=context)
            else:
                self._connection = HTTPConnection(host, port, timeout=_TIMEOUT_S)
        return self._connection

    def _settle(self, answer: _Answer) -> None:
        with self._counts:
            self._sent += answer.accepted
            self._failed += answer.rejected
            self._counts.notify_all()
        if answer.rejected:
            why = next(
                f"{r.get('field')}: {r.get('message')}" for r in answer.results if r["status"] != "accepted"
            )
            self._last_error = why
            self._remind("refused", "the API refused an event: %s", why)

    def _give_up(self, count: int, why: str) -> None:
        self._last_error = why
        with self._counts:
            self._failed += count
            self._counts.notify_all()
        self._remind("refused", "the API refused a batch: %s", why)

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _abort(self) -> None:
        # wakes the thread from waiting for an answer; a moment earlier or later it sees that it is to stop
        connection = self._connection
        handle = None if connection is None else connection.sock
        if handle is not None:
            with suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

    def _end(self) -> None:
        self._hang_up()
