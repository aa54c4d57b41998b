"""The ledger keeps every bit, and the same rows are the same file."""

import errno
import os
import resource
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from domain.catalogue import INDEX, NAMES
from domain.labels import CAUSES, FEATURES
from online_model.ledger.ledger import Ledger, LedgerError, milliseconds
from online_model.ledger.schema import KNOWN, SCHEMA, Settled, predictions_of, to_table

DAY_MS = 86_400_000
DAY = 19_000
LINEAGE = "00112233445566aa"


def settled(count: int, seed: int = 1, day: int = DAY, delay_days: int = 31) -> Settled:
    """Snapshots due on the day, with all the odd floats there are."""
    rng = np.random.default_rng(seed)
    features = rng.lognormal(0, 3, (count, FEATURES))
    odd = [np.nan, -0.0, np.inf, -np.inf, 5e-324, 1 / 3]
    features[rng.random(features.shape) < 0.3] = np.nan
    features.ravel()[: len(odd)] = odd[: features.size]
    features.ravel()[-1:] = np.array([0x7FF8000000000123], np.uint64).view(
        np.float64
    )  # a NaN of another kind
    dues = day * DAY_MS + rng.integers(0, 5, count) * 3_600_000  # many at the same time
    causes = rng.integers(0, 3, count).astype(np.uint8)
    forest = rng.random(count)
    forest[::3] = np.nan
    return Settled(
        users=[f"größe-{n}-{rng.integers(1 << 30)}" for n in range(count)],
        times=dues - delay_days * DAY_MS,
        dues=dues,
        features=features,
        lost=causes > 0,
        causes=causes,
        returned=np.where(causes == 0, rng.integers(1, 1000, count), 0),
        cancelled=np.where(causes == 2, rng.integers(1, 1000, count), 0),
        treated=rng.integers(0, 2, count) * 77,
        treated_before=rng.integers(0, 2, count) * 1_600_000_000_000,
        holdout=rng.random(count) < 0.1,
        weights=rng.random(count),
        champions=["logistic" if n % 2 else "forest" for n in range(count)],
        versions=[None if n % 3 else "1700000000000-0123456789ab" for n in range(count)],
        served=rng.random(count),
        tiers=rng.integers(0, 3, count).astype(np.int8),
        reasons=[[("sessions_30d", 0.5), ("plan", -0.25)][: n % 3] for n in range(count)],
        predictions={"logistic": rng.random(count), "forest": forest},
    )


def ledger(folder: Path) -> Ledger:
    return Ledger(folder, LINEAGE)


def ordered(rows: Settled) -> list[int]:
    return sorted(range(len(rows.users)), key=lambda n: (rows.dues[n], rows.users[n].encode()))


def test_names_of_columns_are_names_of_no_feature() -> None:
    assert len(set(SCHEMA.names)) == len(KNOWN) + FEATURES


def test_everything_comes_back_in_the_order_of_due_and_user(tmp_path: Path) -> None:
    rows = settled(500)
    ledger(tmp_path).write_day(DAY, to_table(rows))
    found, order = ledger(tmp_path).read(), ordered(rows)
    assert found.schema.equals(SCHEMA)
    assert found["user"].to_pylist() == [rows.users[n] for n in order]
    assert found["cause"].to_pylist() == [CAUSES[rows.causes[n]] for n in order]
    assert found["version"].to_pylist() == [rows.versions[n] for n in order]
    assert found["champion"].to_pylist() == [rows.champions[n] for n in order]
    assert found["reasons"].to_pylist() == [
        [{"feature": f, "contribution": c} for f, c in rows.reasons[n]] for n in order
    ]
    assert (milliseconds(found["time"]) == rows.times[order]).all()
    assert (milliseconds(found["treated_before"]) == rows.treated_before[order]).all()
    for name, seconds in (
        ("returned_at", rows.returned),
        ("cancelled_at", rows.cancelled),
        ("treated_at", rows.treated),
    ):
        assert (
            milliseconds(found[name]) == np.where(seconds > 0, rows.times + seconds * 1000, 0)[order]
        ).all()
    for name, contestant in predictions_of(found["predictions"]).items():
        assert contestant.tobytes() == rows.predictions[name][order].tobytes()
    assert "forest" not in dict(found["predictions"][order.index(0)].as_py())


def test_examples_come_back_to_the_bit(tmp_path: Path) -> None:
    days = [settled(200, seed=n, day=DAY + n) for n in range(3)]
    for n in (2, 0, 1):
        ledger(tmp_path).write_day(DAY + n, to_table(days[n]))
    found = list(ledger(tmp_path).read_examples())
    assert [e.day for e in found] == [DAY, DAY + 1, DAY + 2]
    for example, rows in zip(found, days, strict=True):
        order = ordered(rows)
        assert example.users == [rows.users[n] for n in order]
        assert example.features.tobytes() == rows.features[order].tobytes()
        assert example.weights.tobytes() == rows.weights[order].tobytes()
        assert (example.lost == rows.lost[order]).all()
        assert (example.times == rows.times[order]).all()
        assert (example.dues == rows.dues[order]).all()
    assert [e.day for e in ledger(tmp_path).read_examples(first=DAY + 1)] == [DAY + 1, DAY + 2]
    assert [e.day for e in ledger(tmp_path).read_examples(last=DAY)] == [DAY]


def test_the_same_rows_in_any_order_and_any_pieces_are_the_same_file(tmp_path: Path) -> None:
    rows = settled(5000)
    table = to_table(rows)
    path = ledger(tmp_path).write_day(DAY, table)
    first = path.read_bytes()
    shuffled = table.take(pa.array(np.random.default_rng(5).permutation(5000)))
    pieces = pa.concat_tables([shuffled.slice(start, 700) for start in range(0, 5000, 700)])
    assert ledger(tmp_path).write_day(DAY, pieces) == path
    assert path.read_bytes() == first
    assert ledger(tmp_path).read(["user"])["user"].to_pylist() == [rows.users[n] for n in ordered(rows)]
    assert [p.name for p in path.parent.iterdir()] == ["day=2022-01-08.parquet"]


def test_an_empty_day_and_an_empty_ledger(tmp_path: Path) -> None:
    assert ledger(tmp_path).days() == []
    assert ledger(tmp_path).read().num_rows == 0
    assert list(ledger(tmp_path).read_examples()) == []
    ledger(tmp_path).write_day(DAY, to_table(settled(0)))
    assert ledger(tmp_path).days() == [DAY]
    assert ledger(tmp_path).read(["user", "plan"]).schema.names == ["user", "plan"]
    (example,) = ledger(tmp_path).read_examples()
    assert example.features.shape == (0, FEATURES)


def test_no_contestant_predicted(tmp_path: Path) -> None:
    table = to_table(settled(4)._replace(predictions={}))
    assert predictions_of(table["predictions"]) == {}


def test_predictions_of_a_part_of_the_table() -> None:
    rows = settled(9)
    found = predictions_of(to_table(rows).slice(4, 3)["predictions"])
    assert list(found) == ["forest", "logistic"]
    for name, made in found.items():
        assert made.tobytes() == rows.predictions[name][4:7].tobytes()


def test_lineages_do_not_mix(tmp_path: Path) -> None:
    ledger(tmp_path).write_day(DAY, to_table(settled(5)))
    assert Ledger(tmp_path, "f" * 16).days() == []
    with pytest.raises(LedgerError, match="no lineage"):
        Ledger(tmp_path, "../elsewhere")


def test_what_does_not_belong_to_the_day_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"does not belong to day=2022-01-09"):
        ledger(tmp_path).write_day(DAY + 1, to_table(settled(5)))
    twice = pa.concat_tables([to_table(settled(5)), to_table(settled(5))])
    with pytest.raises(LedgerError, match="same snapshot twice"):
        ledger(tmp_path).write_day(DAY, twice)
    with pytest.raises(LedgerError, match="no rows of the ledger"):
        ledger(tmp_path).write_day(DAY, to_table(settled(5)).drop_columns([NAMES[-1]]))
    assert ledger(tmp_path).days() == []


def test_a_day_is_not_replaced_by_less_of_it(tmp_path: Path) -> None:
    table = to_table(settled(50))
    path = ledger(tmp_path).write_day(DAY, table.slice(0, 30))
    ledger(tmp_path).write_day(DAY, table)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="only 49 are to be written"):
        ledger(tmp_path).write_day(DAY, table.slice(0, 49))
    assert path.read_bytes() == before


@pytest.mark.parametrize("cut", [0, 1, 4, 500, -9, -5, -1])
def test_a_damaged_file_is_named_and_can_be_written_again(tmp_path: Path, cut: int) -> None:
    table = to_table(settled(50))
    path = ledger(tmp_path).write_day(DAY, table)
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    with pytest.raises(LedgerError, match=path.name):
        list(ledger(tmp_path).read_examples())
    ledger(tmp_path).write_day(DAY, table)
    assert path.read_bytes() == whole


def test_a_file_of_other_columns_is_named(tmp_path: Path) -> None:
    path = ledger(tmp_path).path(DAY)
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"user": ["a"]}), path)
    for read in (ledger(tmp_path).read, lambda: list(ledger(tmp_path).read_examples())):
        with pytest.raises(LedgerError, match=path.name):
            read()


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    table = to_table(settled(400))
    path = ledger(tmp_path).write_day(DAY, table.slice(0, 10))
    before = path.read_bytes()
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, former[1]))
    try:
        with pytest.raises(LedgerError, match=os.strerror(errno.EFBIG)):
            ledger(tmp_path).write_day(DAY, table)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_other_programs_read_it_as_one_table(tmp_path: Path) -> None:
    rows = settled(40)
    for n in range(2):
        ledger(tmp_path).write_day(DAY + n, to_table(settled(40, seed=n, day=DAY + n)))
    found = ds.dataset(tmp_path / "ledger", partitioning="hive").to_table(columns=["user", "plan", "lineage"])
    assert found.num_rows == 80
    assert set(found["lineage"].to_pylist()) == {LINEAGE}
    frame = pq.read_table(ledger(tmp_path).path(DAY)).to_pandas()
    assert frame["plan"].to_numpy().shape == rows.features[:, INDEX["plan"]].shape
