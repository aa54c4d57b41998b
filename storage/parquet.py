"""Parquet that was read as a whole, as a table."""

import pyarrow as pa
import pyarrow.parquet as pq


def table_of(content: bytes) -> pa.Table:
    """Read from a copy that is no Python object.

    Arrow's threads let go of a file after its reading has returned, and one that then waits for an interpreter that
    ends takes the whole process down ("terminate called without an active exception").

    Raises:
        pyarrow.ArrowException: it is no Parquet.
    """
    sink = pa.BufferOutputStream()
    sink.write(content)
    return pq.read_table(pa.BufferReader(sink.getvalue()))
