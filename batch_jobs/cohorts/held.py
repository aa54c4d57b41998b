"""Intermediate results that several queries read: computed once, in the engine."""

from collections.abc import Iterator
from contextlib import contextmanager

import ibis
from ibis.expr.types import Table


@contextmanager
def held(engine: ibis.BaseBackend, expression: Table) -> Iterator[Table]:
    """The rows of the expression as a table, until the block ends."""
    if engine.name == "duckdb":
        # Ibis 12 with sqlglot 30 writes DROP without the name of the table, so its own cache cannot let go there
        name = ibis.util.gen_name("held")
        engine.create_table(name, expression, temp=True)
        try:
            yield engine.table(name, database=("temp", "main"))
        finally:
            engine.raw_sql(f'DROP TABLE temp.main."{name}"')
    else:
        with expression.cache() as table:
            yield table
