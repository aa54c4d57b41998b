"""Rows as events: who, when, what, how much. Rows that cannot be one are kept apart with a reason."""

from pathlib import Path
from typing import Final

import duckdb

from advisor.intake import moments, numbers
from advisor.intake.canonical import Canonical
from advisor.intake.described import Described
from advisor.intake.engine import engine, literal, quoted
from advisor.intake.limits import RefusedFileError
from advisor.intake.mapping import CONTACTS, Mapping, Role, check
from advisor.intake.names import ROW
from domain.events import EVENT_TYPES, MAX_AMOUNT, MAX_ID

REASONS: Final = ("no_user", "bad_time", "bad_quantity", "bad_amount", "too_long")
"""In the order in which they are looked for."""
_LABELS: Final[tuple[Role, ...]] = (
    "product",
    "order",
    "channel",
    "plan",
    "platform",
    "geography",
    "category",
)
_FIELD: Final[dict[str, str]] = {"order": "order_id"}
_REFUNDS: Final = (
    "refund",
    "refunded",
    "return",
    "returned",
    "credit",
    "storno",
    "gutschrift",
    "retoure",
    "remboursement",
    "devolución",
)
_MOST_PIECES: Final = 1_000_000
RECORDS: Final = 500
CUSTOMERS: Final = 100
DAYS: Final = 180
"""Fewer records, customers or days tell nothing about who leaves."""


def canonical(rows: Path, found: Described, mapping: Mapping, folder: Path) -> Canonical:
    """Write `events.parquet`, `rejects.parquet` and, where the file has any, `contacts.parquet` into a folder.

    Events: `row`, `user`, `time_ms` (UTC), `type`, `amount` (major units without a sign; to the hundredth, half up),
    `quantity` and labels, by time and row. Of contacts the last that a customer's rows say.

    Args:
        rows: of `advisor.intake.reading.read`.

    Raises:
        MappingError: the mapping does not fit the file.
        OSError: the disk is full.
    """
    check(mapping, found)
    with engine(folder) as connection:
        connection.execute(f"CREATE TEMP VIEW given AS SELECT * FROM read_parquet({literal(str(rows))})")
        connection.execute(f"CREATE TEMP TABLE told AS {_told(found, mapping)}")
        fields = [
            "row",
            "user",
            "time_ms",
            "type",
            "amount",
            "quantity",
            *(_FIELD.get(r, r) for r in _LABELS),
        ]
        listed = ", ".join(quoted(field) for field in fields)
        _copy(
            connection,
            f"SELECT {listed} FROM told WHERE reason IS NULL ORDER BY time_ms, row",
            folder / "events.parquet",
        )
        _copy(
            connection,
            "SELECT row, reason FROM told WHERE reason IS NOT NULL ORDER BY row",
            folder / "rejects.parquet",
        )
        contacts = [role for role in CONTACTS if role in mapping.columns]
        if contacts:
            last = ", ".join(
                f"arg_max({role}, row) FILTER (nullif({role}, '') IS NOT NULL) AS {role}" for role in contacts
            )
            _copy(
                connection,
                f'SELECT "user", {last} FROM told WHERE reason IS NULL GROUP BY "user" ORDER BY "user"',
                folder / "contacts.parquet",
            )
        counted = connection.execute(
            'SELECT count(*), count(*) FILTER (reason IS NULL), count(DISTINCT "user") FILTER (reason IS NULL), '
            "min(time_ms) FILTER (reason IS NULL), max(time_ms) FILTER (reason IS NULL), "
            "count(*) FILTER (reason IS NULL AND type = 'refund') FROM told"
        ).fetchone() or (0, 0, 0, None, None, 0)
        rejected = dict(
            connection.execute(
                "SELECT reason, count(*) FROM told WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason"
            ).fetchall()
        )
    return Canonical(
        rows=counted[0], events=counted[1], customers=counted[2], first_ms=counted[3], last_ms=counted[4],
        refunds=counted[5], rejected=rejected,
    )  # fmt: skip


def enough(found: Canonical) -> None:
    """
    Raises:
        RefusedFileError: ``too_little``, with every figure that falls short.
    """
    short = [
        f"{said} (at least {least:,} are needed)"
        for said, value, least in (
            (f"{found.events:,} records that can be used", found.events, RECORDS),
            (f"{found.customers:,} customers", found.customers, CUSTOMERS),
            (f"{found.days:,.0f} days from the first to the last", found.days, DAYS),
        )
        if value < least
    ]
    if short:
        why = ", ".join(f"{reason} {count:,}" for reason, count in found.rejected.items())
        raise RefusedFileError(
            "too_little",
            f"The file has {'; '.join(short)}. Send a longer time, or check the columns"
            f"{f' (rows that were left out: {why})' if why else ''}.",
        )


def _told(found: Described, mapping: Mapping) -> str:
    """SQL: each row with what it stands for, and why it stands for nothing."""
    columns = mapping.columns
    quantity = _number("quantity", found, mapping)
    amount = _number("amount", found, mapping)
    date = found.column(columns["date"])
    time = moments.parsed(_text(columns["date"]), mapping.time_format or date.time_format or moments.ISO)
    kind = f"lower({_text(columns['type'])})" if "type" in columns else "NULL"
    known = ", ".join(literal(name) for name in EVENT_TYPES)
    refunds = ", ".join(literal(word) for word in _REFUNDS)
    labels = ", ".join(f"{_label(role, mapping)} AS {quoted(_FIELD.get(role, role))}" for role in _LABELS)
    contacts = ", ".join(f"{_label(role, mapping)} AS {role}" for role in CONTACTS)
    unit = mapping.amount_is == "unit_price"
    whole = "quantity_read IS NOT NULL AND quantity_read = trunc(quantity_read)"
    no_quantity = "NOT (" + whole + ")" if unit else f"quantity_said IS NOT NULL AND NOT ({whole})"
    no_amount = "amount_read IS NULL" + (" OR amount_read < 0" if unit else "")
    if not unit:
        no_amount = "amount_said IS NOT NULL AND amount_read IS NULL"
    total = "abs(quantity_read) * amount_read" if unit else "abs(amount_read)"
    signs = "quantity_read < 0 OR regexp_matches(coalesce(order_id, ''), '^[Cc]\\d')"
    negative = signs if unit else f"{signs} OR amount_read < 0"
    return f"""
        WITH read AS (
            SELECT {quoted(ROW)} AS row, {_user(columns["customer"])} AS "user", {time} AS time_ms,
                {kind} AS kind,
                {quantity} AS quantity_read, {_label("quantity", mapping)} AS quantity_said,
                {amount} AS amount_read, {_label("amount", mapping)} AS amount_said, {labels}, {contacts}
            FROM given
        ), judged AS (
            SELECT *, CASE
                WHEN "user" IS NULL THEN 'no_user'
                WHEN time_ms IS NULL THEN 'bad_time'
                WHEN coalesce({no_quantity}, true) OR abs(coalesce(quantity_read, 0)) > {_MOST_PIECES}
                    THEN 'bad_quantity'
                WHEN coalesce({no_amount}, true) OR abs({total}) > {MAX_AMOUNT} THEN 'bad_amount'
                WHEN length("user") > {MAX_ID} THEN 'too_long'
            END AS reason FROM read
        )
        SELECT row, "user", time_ms,
            CASE WHEN kind IN ({refunds}) THEN 'refund' WHEN kind IN ({known}) THEN kind
                WHEN coalesce({negative}, false) THEN 'refund' ELSE 'purchase' END AS type,
            CAST(round({total}, 2) AS DOUBLE) AS amount, CAST(abs(quantity_read) AS BIGINT) AS quantity,
            {", ".join(f"left({quoted(_FIELD.get(r, r))}, {MAX_ID}) AS {quoted(_FIELD.get(r, r))}" for r in _LABELS)},
            {", ".join(CONTACTS)}, reason
        FROM judged
    """


def _text(name: str) -> str:
    return f"nullif(trim({quoted(name)}), '')"


def _label(role: Role, mapping: Mapping) -> str:
    return _text(mapping.columns[role]) if role in mapping.columns else "NULL::VARCHAR"


def _number(role: Role, found: Described, mapping: Mapping) -> str:
    if role not in mapping.columns:
        return "NULL::DECIMAL(18, 4)"
    column = found.column(mapping.columns[role])
    return numbers.parsed(_text(column.name), mapping.decimal or column.decimal)


def _user(name: str) -> str:
    """17850.0 is the customer 17850: a numeric column with gaps, as pandas writes it."""
    return f"regexp_replace({_text(name)}, '^(\\d+)\\.0+$', '\\1')"


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    connection.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")
