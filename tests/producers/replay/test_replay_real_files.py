"""The real files, end to end into a real Kafka."""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pytest
import typer
import zstandard
from typer.testing import CliRunner

from ebbwatch.commands.replay import replay
from local_stack.addresses import Addresses

DATA = Path(os.environ.get("EBBWATCH_DATA", "../shared/data"))
RETAIL = DATA / "online_retail_2010_2011.csv.zst"
SPARKIFY = DATA / "sparkify_log_2018_11.jsonl.zst"

pytestmark = [
    pytest.mark.integration,
    pytest.mark.real_data,
    pytest.mark.skipif(not RETAIL.exists(), reason=f"{RETAIL} is not here"),
    pytest.mark.skipif(not SPARKIFY.exists(), reason=f"{SPARKIFY} is not here"),
]

APP = typer.Typer()
APP.command()(replay)


class Reads(Protocol):
    def read(self, topic: str) -> dict[int, list[Any]]: ...


@pytest.fixture
def topic(
    stack: Addresses,
    own_store: str,
    unique: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    name = unique("events")
    for variable, value in {
        "KAFKA_BOOTSTRAP_SERVERS": stack.kafka,
        "REDIS_URL": own_store,
        "EBBWATCH_HOME": str(tmp_path),
        "EBBWATCH_TOPIC": name,
        "EBBWATCH_DEAD_LETTER_TOPIC": unique("dead"),
        "EBBWATCH_CONTROL_TOPIC": unique("control"),
    }.items():
        monkeypatch.setenv(variable, value)
    return name


def run(*arguments: object) -> dict[str, Any]:
    result = CliRunner().invoke(APP, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.stderr
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def split(records: dict[int, list[Any]]) -> tuple[dict[int, list[Any]], dict[int, list[int]]]:
    """Events and marks by partition; checks that time never goes back and marks never lag behind."""
    events: dict[int, list[Any]] = defaultdict(list)
    marks: dict[int, list[int]] = defaultdict(list)
    for partition, in_order in records.items():
        clock = 0
        for record in in_order:
            value = json.loads(record.value())
            if record.key() is None:
                assert value["mark"] >= clock
                clock = value["mark"]
                marks[partition].append(clock)
            else:
                assert record.key().decode() == value["user_id"]
                assert value["time"] >= clock
                clock = value["time"]
                events[partition].append(value)
    return events, marks


def test_every_invoice_line_is_accounted_for(topic: str, log: Reads) -> None:
    report = run(RETAIL, "--layout", "online-retail")
    assert (report["rows"], report["sent"], report["rejected"]) == (541_909, 406_829, {"no_user": 135_080})
    assert (report["derived"], report["out_of_order"]) == (0, 0)
    assert report["seconds"] < 60

    by_partition, marks = split(log.read(topic))
    assert {tuple(times) for times in marks.values()} == {tuple(marks[0])}
    assert len(marks) == 12
    assert len(marks[0]) == report["marks"]
    assert marks[0][-1] == 1_323_435_000_001
    events = [event for events in by_partition.values() for event in events]
    assert len(events) == 406_829
    assert len({event["event_id"] for event in events}) == 406_829

    frame = pd.read_csv(RETAIL, dtype={"CustomerID": str}).dropna(subset="CustomerID")
    frame["user"] = frame.CustomerID.str.removesuffix(".0")
    frame["kind"] = (frame.Quantity < 0).map({True: "refund", False: "purchase"})
    frame["quantity"] = frame.Quantity.abs()
    frame["cents"] = (frame.quantity * (frame.UnitPrice * 1000).round().astype(int) + 5) // 10
    wanted = frame.groupby(["user", "kind"])[["quantity", "cents"]].sum()
    sums: Counter[tuple[str, str, str]] = Counter()
    for event in events:
        sums[event["user_id"], event["type"], "quantity"] += event["quantity"]
        sums[event["user_id"], event["type"], "cents"] += round(event["amount"] * 100)
    got = pd.Series(sums).unstack().loc[wanted.index]
    assert len({event["user_id"] for event in events}) == frame.user.nunique() == 4_372
    pd.testing.assert_frame_equal(got[["quantity", "cents"]], wanted, check_dtype=False, check_names=False)


def test_every_page_request_is_accounted_for(topic: str, log: Reads) -> None:
    report = run(SPARKIFY, "--layout", "sparkify")
    assert (report["rows"], report["sent"], report["rejected"]) == (8_056, 7_770, {"no_user": 286})
    assert report["derived"] == 97

    by_partition, _ = split(log.read(topic))
    events = [event for events in by_partition.values() for event in events]
    with zstandard.open(SPARKIFY, "rt") as lines:
        rows = [row for row in map(json.loads, lines) if row["userId"]]
    assert len(events) == 7_770 + 97
    kinds = Counter(event["type"] for event in events)
    pages = Counter(row["page"] for row in rows)
    assert kinds["signup"] == len({row["userId"] for row in rows}) == 97
    assert kinds["feature_use"] == pages["NextSong"]
    assert kinds["subscription_change"] == pages["Submit Upgrade"] + pages["Submit Downgrade"]
    assert kinds["session_end"] == pages["Logout"]
    heard = sum(event.get("duration", 0) for event in events)
    assert heard == pytest.approx(sum(row["length"] or 0 for row in rows))
    assert {(e["user_id"], e["session_id"]) for e in events if e["type"] != "signup"} == {
        (row["userId"], str(row["sessionId"])) for row in rows
    }


def test_the_same_file_again_has_the_same_ids(topic: str, log: Reads) -> None:
    run(SPARKIFY, "--layout", "sparkify")
    run(SPARKIFY, "--layout", "sparkify")
    values = Counter(
        record.value() for records in log.read(topic).values() for record in records if record.key()
    )
    assert set(values.values()) == {2}
    assert len(values) == 7_867
