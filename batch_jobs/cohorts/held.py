"""Intermediate results that several queries read: computed once, in the engine."""

from collections.abc import Iterator
from contextlib import contextmanager

import ibis
from ibis.expr.types import Table


@contextmanager
def held(engine: ibis.BaseBackend, expression: Table) -> Iterator[Table]:
    """The rows of the expression as a table, until the block ends."""
    if engine.name == "duckdb":
        # Ibis' own cache takes the engine from the tables, and those of tests stand in none
        name = ibis.util.gen_name("held")
        engine.create_table(name, expression, temp=True)
        try:
            yield engine.table(name, database=("temp", "main"))
        finally:
            engine.drop_table(name, database=("temp", "main"))
    else:
        with expression.cache() as table:
            yield table
