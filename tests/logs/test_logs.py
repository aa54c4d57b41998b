"""What a log line says, in both formats: of which request, batch or partition, and no secrets."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime

import pytest

from logs.beginning import VARIABLE, FormatError, begin
from logs.context import about, fields, put
from logs.redaction import redacted

log = logging.getLogger("ebbwatch.test")

KEY = "ebb_0123456789ab_" + "c" * 64


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    """The logging of the tests themselves."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def said(monkeypatch: pytest.MonkeyPatch, form: str) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setenv(VARIABLE, form)
    begin("worker", stream)
    return stream


def fail(fault: Exception) -> None:
    raise fault


class TestHuman:
    def test_says_what_it_is_about_behind_the_message(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stream = said(monkeypatch, "human")
        log.info("ready %s", 1)
        with about(partition=3, batch="5-9"):
            log.warning("late")

        plain, told = stream.getvalue().splitlines()
        assert plain.endswith(" INFO ebbwatch.test ready 1")
        assert told.endswith(" WARNING ebbwatch.test late [partition=3 batch=5-9]")

    def test_a_setting_that_is_empty_is_as_if_it_were_not_there(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stream = said(monkeypatch, "")
        log.info("x")
        assert stream.getvalue().endswith("x\n")


class TestJson:
    def test_is_an_object_a_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stream = said(monkeypatch, "json")
        with about(batch="b", job="value"):
            try:
                fail(ValueError("two\nlines"))
            except ValueError:
                log.exception("%s failed", "välue", extra={"more": 1})
        log.info("{not a field}")

        failed, plain = map(json.loads, stream.getvalue().splitlines())
        assert datetime.fromisoformat(failed.pop("time")).tzinfo is not None
        assert failed.pop("exception").startswith("Traceback")
        assert isinstance(failed.pop("pid"), int)
        assert failed == {
            "level": "error", "logger": "ebbwatch.test", "process": "worker", "message": "välue failed",
            "batch": "b", "job": "value",
        }  # fmt: skip
        assert "batch" not in plain
        assert plain["message"] == "{not a field}"

    def test_what_it_is_about_takes_no_field_of_the_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stream = said(monkeypatch, "json")
        with about(message="other", level="none"):
            log.info("mine")
        assert json.loads(stream.getvalue())["message"] == "mine"


class TestSecrets:
    @pytest.mark.parametrize("form", ["human", "json"])
    def test_stand_in_no_line(self, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
        stream = said(monkeypatch, form)
        try:
            fail(OSError("redis://user:hunter2secret@10.0.0.1:6379/0 is away"))
        except OSError:
            log.exception("Authorization: Bearer %s; whsec_%s", KEY, "A1b2C3d4E5f6")
        text = stream.getvalue()
        for secret in ("hunter2secret", "c" * 16, "A1b2C3d4E5f6"):
            assert secret not in text
        assert "redis://user:***@10.0.0.1:6379/0" in text

    def test_nothing_else_is_taken_out(self) -> None:
        for text in (
            "http://127.0.0.1:8000/runbooks",
            "redis://10.0.0.1:6379/0 at 10:30@home",
            "ebb_events",
            "Basic",
        ):
            assert redacted(text) == text


class TestContext:
    def test_tasks_do_not_hear_of_each_other(self) -> None:
        async def task(name: str, others: asyncio.Barrier) -> dict[str, str | int]:
            put(request=name)
            await others.wait()
            return dict(fields())

        async def both() -> list[dict[str, str | int]]:
            barrier = asyncio.Barrier(2)
            return list(await asyncio.gather(task("a", barrier), task("b", barrier)))

        assert asyncio.run(both()) == [{"request": "a"}, {"request": "b"}]
        assert not fields()

    def test_the_inner_block_ends_before_the_outer(self) -> None:
        with about(batch="b"):
            with about(job="j"):
                assert dict(fields()) == {"batch": "b", "job": "j"}
            assert dict(fields()) == {"batch": "b"}
        assert not fields()


def test_another_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FormatError, match="may be human or json"):
        said(monkeypatch, "xml")
