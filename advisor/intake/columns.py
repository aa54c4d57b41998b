"""What the values of each column look like: numbers, moments, or words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

from advisor.intake import moments, numbers
from advisor.intake.described import Column
from advisor.intake.engine import literal, quoted
from advisor.intake.names import ROW

_EXAMPLES: Final = 3
_LONGEST: Final = 60


def described(
    connection: duckdb.DuckDBPyConnection, rows: Path, names: Sequence[str]
) -> tuple[int, tuple[Column, ...]]:
    """How many rows there are, and each column.

    Args:
        rows: Parquet with `ROW` and text.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW given AS SELECT * FROM read_parquet({literal(str(rows))})"
    )
    count = int((connection.execute("SELECT count(*) FROM given").fetchone() or (0,))[0])
    found = []
    for name in names:
        value = f"nullif(trim({quoted(name)}), '')"
        missing, distinct = connection.execute(
            f"SELECT count(*) - count({value}), approx_count_distinct({value}) FROM given"
        ).fetchone() or (0, 0)
        examples = connection.execute(
            f"SELECT v FROM (SELECT {value} AS v, min({quoted(ROW)}) AS first FROM given WHERE {value} IS NOT NULL "
            f"GROUP BY v ORDER BY first LIMIT {_EXAMPLES})"
        ).fetchall()
        number = numbers.found(connection, value)
        moment = moments.found(connection, value, count - missing)
        found.append(
            Column(
                name=name,
                missing=int(missing),
                distinct=int(distinct),
                numbers=number.values,
                negative=number.negative,
                decimal=number.decimal,
                times=moment.values,
                time_format=moment.format,
                ambiguous=moment.ambiguous,
                examples=tuple(text[:_LONGEST] for (text,) in examples),
            )
        )
    return count, tuple(found)
