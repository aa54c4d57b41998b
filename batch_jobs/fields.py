"""Fields of tables that are never null."""

import pyarrow as pa


def required(name: str, kind: pa.DataType) -> pa.Field:
    """One of any kind."""
    return pa.field(name, kind, nullable=False)


def counts(*names: str) -> tuple[pa.Field, ...]:
    """Whole numbers."""
    return tuple(required(name, pa.int64()) for name in names)


def ratios(*names: str) -> tuple[pa.Field, ...]:
    """Numbers that are shares or means."""
    return tuple(required(name, pa.float64()) for name in names)
