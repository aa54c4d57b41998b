"""What is kept for a while is let go of: by this engine and by Ibis, which writes the statement."""

from contextlib import nullcontext
from pathlib import Path

import ibis
import pytest

from batch_jobs.cohorts.held import held
from batch_jobs.engine.duckdb import DuckDB


@pytest.mark.parametrize("failing", [False, True])
def test_nothing_of_what_was_kept_stays(tmp_path: Path, failing: bool) -> None:
    engine = DuckDB(tmp_path, "100MB", 1)
    numbers = ibis.range(5).unnest().name("n").as_table()
    for keeping in (engine.kept(numbers), engine.kept(numbers, "mine"), held(engine.backend, numbers)):
        with pytest.raises(KeyError) if failing else nullcontext(), keeping as table:
            assert engine.rows(table.n.sum().as_table())["Sum(n)"].to_pylist() == [10]
            if failing:
                raise KeyError
        assert engine.backend.con.sql("SELECT * FROM duckdb_tables()").fetchall() == []
    engine.close()
