"""Every row is in the spool or among the rejects."""

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Event
from producers.replay.columns import Columns
from producers.replay.layout import Layout
from producers.replay.prepare import RejectFile, Survey, id_prefix, prepare
from producers.replay.source import Source, SourceError
from producers.replay.sparkify import Sparkify
from producers.replay.spool import Spool
from producers.replay.times import Times

LAYOUT = Columns({"user": "u", "time": "t", "amount": "a", "geography": "g"}, "purchase", Times())


def prepared(
    path: Path, layout: Layout = LAYOUT
) -> tuple[Survey, list[dict[str, object]], list[dict[str, object]]]:
    """The survey, the events in order of time, and the rejects."""
    rejects = path.with_suffix(".rejects")
    with Source(path) as source, Spool() as spool, RejectFile(rejects) as reject_file:
        survey = prepare(source, layout, spool, reject_file)
        events = [json.loads(value) for _, _, value in spool.in_time_order()]
    return survey, events, [json.loads(line) for line in rejects.read_bytes().splitlines()]


def test_each_fault_has_its_reason_and_its_row(tmp_path: Path) -> None:
    path = tmp_path / "day.one.csv"
    path.write_bytes(
        b"u,t,a,g\nu1,2024-01-02,1.5,x\n,2024-01-02,1,x\nu2,soon,1,x\nu3,2024-01-02,much,x\nu4,1\n"
        + b"u5,2024-01-02,1,\xff\nu6,2024-01-02,99999999999,x\nu7,2024-01-01,2," + b"x" * 200 + b"\n"
        + b"u" * 129 + b",2024-01-02,1,x\nu8,1/2/2024,1,x\nu9,2024-01-01,1,x"
    )  # fmt: skip
    survey, events, rejects = prepared(path)
    assert [(reject["row"], reject["reason"]) for reject in rejects] == [
        (2, "no_user"), (3, "bad_time"), (4, "bad_amount"), (5, "malformed_row"), (6, "bad_text"),
        (7, "bad_amount"), (8, "too_long"), (9, "too_long"), (10, "ambiguous_time"),
    ]  # fmt: skip
    assert rejects[2]["data"] == {"u": "u3", "t": "2024-01-02", "a": "much", "g": "x"}
    assert rejects[3]["data"] == "u4,1"
    assert (survey.rows, survey.usable, survey.out_of_order, survey.derived) == (11, 2, 1, 0)
    assert dict(survey.rejected) == {
        "no_user": 1, "bad_time": 1, "bad_amount": 2, "malformed_row": 1, "bad_text": 1, "too_long": 2,
        "ambiguous_time": 1,
    }  # fmt: skip
    assert [event["event_id"] for event in events] == ["day:11", "day:1"]
    assert (survey.first, survey.last) == (1_704_067_200_000, 1_704_153_600_000)


CELL = st.sampled_from(
    [
        "",
        "u1",
        "ü",
        "x" * 129,
        "2024-01-01",
        "1/1/24",
        "1700000000",
        "-5",
        "1e99",
        "nan",
        'a"b',
        "a,b",
        "a\nb",
    ]
)


@given(st.lists(st.lists(CELL, min_size=1, max_size=6), max_size=30))
def test_no_row_is_lost(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["u", "t", "a", "g"], *rows])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "f.csv"
        path.write_text(text.getvalue())
        survey, events, rejects = prepared(path)
    assert survey.rows == len(rows)
    assert survey.usable == len(events)
    assert survey.usable + survey.rejected.total() == survey.rows
    assert len(rejects) == survey.rejected.total()
    numbers = [str(event["event_id"]).split(":")[1] for event in events] + [str(r["row"]) for r in rejects]
    assert sorted(map(int, numbers)) == list(range(1, survey.rows + 1))


def test_one_signup_for_each_user_apart_from_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    rows = [{"ts": 1541105830796 + i, "userId": str(i % 2), "page": "Home", "sessionId": 1,
             "registration": 1540919166796 if i > 1 else None} for i in range(6)]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, rows)))
    survey, events, _ = prepared(path, Sparkify(Times()))
    assert (survey.rows, survey.usable, survey.derived, survey.out_of_order) == (6, 6, 2, 0)
    assert [(e["type"], e["user_id"]) for e in events[:3]] == [
        ("signup", "0"),
        ("signup", "1"),
        ("page_view", "0"),
    ]
    assert survey.first == 1541105830796


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("u,when,a,g\nu1,2024-01-01,1,x\n")
    with pytest.raises(SourceError, match="has no column t; its columns are: u, when, a, g"):
        prepared(path)


def test_the_same_file_gives_the_same_ids_whatever_its_compression() -> None:
    assert {id_prefix(Path(name)) for name in ("a/log.csv", "log.csv.gz", "log.parquet")} == {"log"}
    assert id_prefix(Path(".hidden.csv")) == "hidden"
    assert len(id_prefix(Path("x" * 200))) == 100


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("u,t,a,g\n" + "u1,2024-01-01,1,x\n" * 12_000)
    told: list[float] = []
    with Source(path) as source, Spool() as spool, RejectFile(tmp_path / "r") as rejects:
        prepare(source, LAYOUT, spool, rejects, told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) == 3


def test_the_layout_makes_no_event_of_another_user(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text('{"u":"a","t":1700000000}\n{"t":1700000000}\n{"u":"b","t":1700000000}')
    _, events, rejects = prepared(path)
    assert [Event(**e).user_id for e in events] == ["a", "b"]  # type: ignore[arg-type]
    assert [reject["reason"] for reject in rejects] == ["no_user"]
