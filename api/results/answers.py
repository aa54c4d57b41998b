"""Result tables as JSON and as CSV."""

import re
from datetime import date
from typing import Annotated, Any, Final, Literal

import msgspec
import pyarrow as pa
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.alerts.media import chosen
from api.answers import tagged_body
from api.problems import ProblemError
from api.results.reading import Found, Reading, UnknownTableError
from api.results.selection import NoSuchFilterError, selected
from batch_jobs.results.errors import NoLongerThereError, ResultsError
from storage.spreadsheet import written

JSON: Final = "application/json"
CSV: Final = "text/csv"
_LONGEST: Final = 256
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_CURSOR: Final = r"^\d{4}-\d{2}-\d{2}-\d{1,16}-[0-9a-f]{8}:\d{1,12}$"


def _iso(value: Any) -> Any:
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("is no day like 2024-05-01")
    return value


Day = Annotated[date, BeforeValidator(_iso)]
"""Written as ISO 8601 has it; pydantic would take seconds since 1970 as well."""


class Wanted(BaseModel):
    """Which rows; a table that has no column for a filter says so."""

    model_config = ConfigDict(extra="forbid")

    table: str | None = Field(
        None, pattern="^[a-z_]{1,64}$", description="one of the job's tables; the first one if left out"
    )
    view: str | None = Field(
        None, max_length=_LONGEST, description="such as `passage` or `onset` of survival"
    )
    dimension: str | None = Field(None, max_length=_LONGEST, description="`all`, `plan`, `channel` and so on")
    group: str | None = Field(None, max_length=_LONGEST, description="value of the dimension")
    grain: str | None = Field(None, max_length=_LONGEST, description="`day`, `week` or `month`")
    kind: str | None = Field(None, max_length=_LONGEST, description="of a measure, where a table has several")
    figure: str | None = Field(None, max_length=_LONGEST, description="of the overview")
    experiment: str | None = Field(None, max_length=_LONGEST)
    first: Day | None = Field(None, description="first cohort or day, ISO")
    last: Day | None = Field(None, description="last one, ISO; it belongs to the range")
    format: Literal["json", "csv"] | None = Field(None, description="else as `Accept` says")
    limit: int = Field(1000, ge=1, le=10_000)
    cursor: str | None = Field(
        None,
        pattern=_CURSOR,
        description="`next` of the page before: of the same run, and with the same filters",
    )


class ResultRows(msgspec.Struct, frozen=True, kw_only=True):
    """Some rows of a table, all of one run."""

    job: str
    table: str
    columns: list[str]
    items: list[dict[str, str | int | float | bool | None]]
    next: str | None
    as_of: date | None
    """Everything before its midnight (UTC) is known; null before the first run."""
    run: str | None
    finished: int | None
    """When the run was finished, ms since 1970."""
    reason: str | None
    """Why there are no rows; null where there are."""


EXAMPLE: Final = ResultRows(
    job="survival",
    table="curves",
    columns=["view", "group_kind", "group", "day", "survival", "lower", "upper", "at_risk"],
    items=[
        {"view": "passage", "group_kind": "plan", "group": "pro", "day": 30, "survival": 0.87, "lower": 0.85,
         "upper": 0.89, "at_risk": 1204}
    ],
    next="2024-05-01-1714525500000-0123abcd:1000",
    as_of=date(2024, 5, 1),
    run="2024-05-01-1714525500000-0123abcd",
    finished=1_714_525_507_000,
    reason=None,
)  # fmt: skip


async def answered(
    request: Request, reading: Reading, job: str, first_table: str, wanted: Wanted, accept: str
) -> Response:
    """A page of a table.

    Raises:
        ProblemError: 404 of a table or filter that is not there, 406, 409 of a run that is gone, 503.
    """
    media = _media(wanted, accept)
    run_id, start = _place(wanted.cursor)
    name = wanted.table or first_table
    found = await _found(reading, job, name, run_id)
    if found is None:
        reason = f"no run of {job} has finished yet: `ebbwatch batch run {job}` makes the first"
        return _written(request, media, _empty(job, name, reason))
    rows = _rows(found.table, wanted)
    page = rows.slice(start, wanted.limit)
    end = start + page.num_rows
    reason = "" if rows.num_rows else _why(found.table)
    answer = ResultRows(
        job=job,
        table=name,
        columns=page.column_names,
        items=page.to_pylist(),
        next=f"{found.run.id}:{end}" if end < rows.num_rows else None,
        as_of=found.run.basis.as_of,
        run=found.run.id,
        finished=found.run.finished,
        reason=reason or None,
    )
    return _written(request, media, answer)


async def _found(reading: Reading, job: str, name: str, run_id: str | None) -> Found | None:
    try:
        return await reading.table(job, name, run_id)
    except UnknownTableError as fault:
        raise ProblemError(404, "unknown_table", str(fault)) from fault
    except NoLongerThereError as fault:
        raise ProblemError(
            409, "stale_cursor", "newer results have taken the place of this run: begin without a cursor"
        ) from fault
    except ResultsError as fault:
        raise ProblemError(503, "results_away", "the results cannot be read", {"Retry-After": "5"}) from fault


def _rows(table: pa.Table, wanted: Wanted) -> pa.Table:
    filters = wanted.model_dump(
        include={"view", "dimension", "group", "grain", "kind", "figure", "experiment"}, exclude_none=True
    )
    first = wanted.first.isoformat() if wanted.first else None
    last = wanted.last.isoformat() if wanted.last else None
    try:
        return selected(table, filters, first, last)
    except NoSuchFilterError as fault:
        raise ProblemError(404, "unknown_filter", str(fault)) from fault


def _why(table: pa.Table) -> str:
    return "no row fits the filters" if table.num_rows else "the job found nothing to say as of this day"


def _empty(job: str, table: str, reason: str) -> ResultRows:
    return ResultRows(
        job=job,
        table=table,
        columns=[],
        items=[],
        next=None,
        as_of=None,
        run=None,
        finished=None,
        reason=reason,
    )


def _media(wanted: Wanted, accept: str) -> str:
    if wanted.format is not None:
        return {"json": JSON, "csv": CSV}[wanted.format]
    media = chosen(accept, (JSON, CSV))
    if media is None:
        raise ProblemError(406, "not_acceptable", f"there are {JSON} and {CSV}")
    return media


def _place(cursor: str | None) -> tuple[str | None, int]:
    if cursor is None:
        return None, 0
    run_id, _, start = cursor.rpartition(":")
    return run_id, int(start)


def _written(request: Request, media: str, answer: ResultRows) -> Response:
    if media == JSON:
        return tagged_body(request, msgspec.json.encode(answer), JSON, {"Vary": "Accept"})
    headers: dict[str, Any] = {"Vary": "Accept"}
    if answer.as_of is not None:
        headers["As-Of"] = answer.as_of.isoformat()
    if answer.next is not None:
        headers["Next-Cursor"] = answer.next
    body = written(answer.items, answer.columns) if answer.columns else b""
    return tagged_body(request, body, CSV, headers)
