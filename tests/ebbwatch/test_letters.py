"""Dead letters as people see them, write them down, repair them and send them again."""

from collections.abc import Iterator
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.log import Log, LogBounds, Record
from domain.records import side_by_side
from ebbwatch.dead_letters import Letter, LetterError, from_lines, letters, user_of
from stream_processors.dead_letters import letter
from tests.domain.histories import LogRecord


class Written:
    """A dead-letter topic, as the log's reader gives it."""

    def __init__(self, *found: tuple[LogRecord, int, str], topic: str = "session-events") -> None:
        self.records = []
        for at, (record, offset, reason) in enumerate(found):
            dead = letter(side_by_side([record]), 0, topic, 3, offset, reason)
            self.records.append(Record(at, 99, dead.key, dead.value, dead.headers))

    def bounds(self, partition: int) -> LogBounds:
        assert partition == 0
        return LogBounds(0, len(self.records))

    def read(self, partition: int, start: int, stop: int) -> Iterator[Record]:
        assert (partition, start, stop) == (0, 0, len(self.records))
        return iter(self.records)


def read(written: Written, **chosen: Any) -> list[Letter]:
    return list(letters(cast(Log, written), "session-events", **chosen))


PARTS = st.one_of(st.none(), st.binary(max_size=20), st.text(max_size=20).map(str.encode))


@given(PARTS, PARTS, st.integers(-1, 2**40))
def test_the_original_bytes_come_back_whatever_they_are(
    key: bytes | None, value: bytes | None, at: int
) -> None:
    (found,) = read(Written((LogRecord(key, value, at), 5, "malformed")))
    (again,) = from_lines([msgspec.json.encode(found)])
    assert again == found
    assert (again.key_bytes(), again.value_bytes()) == (key, value)
    assert (again.partition, again.offset, again.reason, again.timestamp) == (3, 5, "malformed", at)


def test_what_a_crash_sent_twice_comes_once_and_other_topics_not() -> None:
    one, other = (LogRecord(b"a", b"1", 0), 5, "malformed"), (LogRecord(b"b", b"2", 0), 6, "no_user")
    assert [x.offset for x in read(Written(one, other, one))] == [5, 6]
    assert [x.offset for x in read(Written(one, other, one), reason="no_user")] == [6]
    assert read(Written(one, topic="another")) == []


def test_text_can_be_read_and_what_is_none_is_written_so() -> None:
    (found,) = read(Written((LogRecord("é".encode(), b"\xff", 0), 5, "malformed")))
    assert (found.key, found.key_base64, found.value, found.value_base64) == ("é", None, None, "/w==")


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"partition":1}', b'{"partition":"\xff"}', b"\xff"])
def test_a_line_that_is_no_letter_is_named(line: bytes) -> None:
    good = msgspec.json.encode(Letter(partition=0, offset=1, reason="r", timestamp=0))
    with pytest.raises(LetterError, match="line 3 is no dead letter"):
        list(from_lines([good + b"\n", b"\n", line]))


@pytest.mark.parametrize(
    ("value", "user"),
    [
        (b'{"user_id":"ann","type":7}', "ann"),
        (b'{"user_id":""}', None),
        (b'{"user_id":null}', None),
        (b"{}", None),
        (b"\xff", None),
        (b"[" * 5000, None),
    ],
)
def test_the_user_of_a_repaired_event(value: bytes, user: str | None) -> None:
    assert user_of(value) == user
