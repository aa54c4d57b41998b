"""Users who are erased leave the ledger and do not come back by another way."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from online_model.ledger.erased import hashed
from online_model.ledger.ledger import Ledger, LedgerError, erase, milliseconds, rows_of_user
from online_model.ledger.schema import to_table
from tests.online_model.ledger.test_ledger import DAY, LINEAGE, ledger, settled

OTHER = "f" * 16


def somebody(table: pa.Table) -> tuple[str, int]:
    """A user of the table, and the time of the user's snapshot in it."""
    return table["user"][7].as_py(), int(milliseconds(table["time"])[7])


def of(folder: Path, user: str) -> int:
    return len(rows_of_user(folder, user))


def test_rows_go_from_every_day_and_lineage_and_the_others_stay_to_the_bit(tmp_path: Path) -> None:
    table = to_table(settled(400))
    user, time = somebody(table)
    untouched = ledger(tmp_path).write_day(DAY + 1, to_table(settled(5, seed=3, day=DAY + 1)))
    before = untouched.stat().st_ino
    for lineage in (LINEAGE, OTHER):
        Ledger(tmp_path, lineage).write_day(DAY, table)
    assert of(tmp_path, user) == 2
    assert erase(tmp_path, {hashed(user): time}) == 2
    assert of(tmp_path, user) == 0
    expected = Ledger(tmp_path / "expected", LINEAGE)
    path = expected.write_day(DAY, table.filter(pc.not_equal(table["user"], user)))
    for lineage in (LINEAGE, OTHER):
        assert Ledger(tmp_path, lineage).path(DAY).read_bytes() == path.read_bytes()
    assert untouched.stat().st_ino == before
    assert user not in (tmp_path / "erased.json").read_text()


def test_a_day_that_is_written_again_does_not_bring_them_back(tmp_path: Path) -> None:
    table = to_table(settled(50))
    user, time = somebody(table)
    ledger(tmp_path).write_day(DAY, table)
    erase(tmp_path, {hashed(user): time})
    path = ledger(tmp_path).write_day(DAY, table)
    assert of(tmp_path, user) == 0
    with pytest.raises(LedgerError, match="49 rows, only 39"):
        ledger(tmp_path).write_day(DAY, table.slice(0, 40))
    # the erasing was broken off before it came to this day
    (tmp_path / "erased.json").unlink()
    ledger(tmp_path).write_day(DAY, table)
    (tmp_path / "erased.json").write_text(json.dumps({hashed(user): time}))
    assert ledger(tmp_path).write_day(DAY, table) == path
    assert of(tmp_path, user) == 0


def test_what_came_after_the_erasure_stays(tmp_path: Path) -> None:
    table = to_table(settled(50))
    user, time = somebody(table)
    ledger(tmp_path).write_day(DAY, table)
    assert erase(tmp_path, {hashed(user): time - 1}) == 0
    assert of(tmp_path, user) == 1
    assert erase(tmp_path, {hashed(user): time}) == 1
    assert erase(tmp_path, {hashed(user): 5}) == 0  # the later one counts
    assert json.loads((tmp_path / "erased.json").read_text()) == {hashed(user): time}


def test_a_ledger_that_begins_later_knows_who_was_erased(tmp_path: Path) -> None:
    table = to_table(settled(50))
    user, time = somebody(table)
    assert rows_of_user(tmp_path / "new", user) == []
    assert erase(tmp_path / "new", {hashed(user): time}) == 0
    Ledger(tmp_path / "new", LINEAGE).write_day(DAY, table)
    assert of(tmp_path / "new", user) == 0


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    ledger(tmp_path).write_day(DAY, to_table(settled(5)))
    (tmp_path / "erased.json").write_text("{")
    with pytest.raises(LedgerError, match="cannot erase"):
        erase(tmp_path, {"0" * 16: 1})
    with pytest.raises(LedgerError, match="cannot write"):
        ledger(tmp_path).write_day(DAY, to_table(settled(5)))
