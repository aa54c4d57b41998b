"""Reference pages made from the code: ``python -m ebbwatch.reference`` writes them into ``docs/``."""

import ast
import inspect
import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
import pyarrow as pa
import typer
from pydantic_core import PydanticUndefined

from batch_jobs.star import active, schema, sessions
from batch_jobs.star.meanings import ABOUT, MEANINGS
from connections import kafka, redis
from domain.catalogue import CATALOGUE, DAY_WINDOWS, WEEK_WINDOWS
from domain.events import EVENT_TYPES, MAX_EVENT_BYTES, ClockMark, Event, UserErasure, encode, json_schema
from ebbwatch.metrics_reference import LABELS, described
from ebbwatch.settings import SECRETS, Settings

_NOTE = "<!-- Made by `python -m ebbwatch.reference`: change the code, not this page. -->"


_NAMES = """\
## How they are called

`ebbwatch_<room>_<what>_<unit>`. The room is the process that the metric is about (`worker`, `trainer`, `archiver`,
`notifier`, `courier`, `advisor`, `console`, `api`, `exporter`), what stands in Redis (`store`) and Redis itself
(`redis`), both told by the API, the batch jobs (`job`), or what they have found (`overview`, `churn`, `cohort`,
`survival`, `segment`, `engagement`, `value`), told by the exporter.

Units are Prometheus's base units: `_seconds`, `_timestamp_seconds`, `_bytes`, `_ratio` (a share is between 0 and 1);
`_money` is in units of the currency, `_info` is 1 and says something by its labels. Counters end in `_total` and
count from the start of the process. What cannot be said is absent, never zero. Days, weeks and periods among the
labels are padded with zeros, so that they sort as texts.

Each process tells its own on its own port; the console's is not that of its pages. The scheduler of the batch jobs
has none: what it does is told by the exporter (`ebbwatch_job_success` and its neighbours), from what it leaves
behind. Several processes of one API (`EBBWATCH_API_PROCESSES`) count together in a folder that is made anew at each
start: whichever answers tells of all, counters and histograms as sums, of gauges what was told last. Worker, trainer
and archiver also tell what the client library knows of their process (`process_*`, `python_*`).

`tests/ebbwatch/test_metrics_reference.py` holds names, units and labels to this page, and `promtool check metrics`
runs over what each process really tells in the integration tests."""

_COST = """\
## What they cost

On two cores with nothing else to do; the default demo, 2,000 users over 120 days:

- **Series**, all processes together: 13,563 of at most 20,000; exporter 12,697, trainer 616, worker 141, the others
  109 (`python -m benchmarks.metrics`). Advisor and console have come since: 83, and 517 once every page was answered
  in three ways.
- **Share of the worker's samples** at full speed: 0.1 % of at most 1 %
  (`python -m benchmarks.profile --events 300000`, measured on a busy machine).
- **A scrape** is to be answered within 100 ms. The 95th percentile of 40: trainer 12.2 ms, worker and exporter
  3.9 ms, the others at most 3 ms; it takes 1.5 to 3 ms of CPU, of the trainer 8 ms with what it does meanwhile.
  The exporter keeps its page rendered and only hands it out (`python -m benchmarks.metrics`). Worker, trainer and
  archiver stand back beside the API (`EBBWATCH_BACKGROUND_NICE`): where cores are short, their scrapes wait as
  their work does; with a load of 10 to 15 of other programs the trainer took 355 ms."""

_READING = """\
## Reading it from a warehouse

The star lies in a folder or under an address of an object store. Each table is a Delta Lake table below it, read as
it is by whatever reads Delta Lake: `daily`, `usage`, `changes` and `treatments` are partitioned by `day`, `users`
by `run`. Timestamps are stored in microseconds, `hash` as 64 bits with a sign. Columns that are not listed above
are there for the next refresh and may change.

`manifest.json` names the version of each table (`versions`) that belong together, the as-of and the version of the
archived log. It is replaced in one step after all tables are written. Whoever wants the tables to agree with each
other reads these versions; whoever reads one table alone may take its newest.

A refresh appends to `users` a run of rows of those of whom something is new. Of a user's rows that of the highest
run counts:

```sql
SELECT * FROM users QUALIFY row_number() OVER (PARTITION BY "user" ORDER BY run DESC) = 1
```

## How it is kept

A refresh computes the days whose records have changed since the last one, late events too, and the day after each,
since sessions and orders know the day before. Users are computed from what was known of them and their new days. So
it costs the day, not history. Where late events have changed days that are older than the runs of `users` that are
kept apart (`EBBWATCH_ALLOWED_LATENESS` and a day), all days of the users concerned are read; an erasure writes
`users` whole. What a crash leaves behind is put back by the next refresh. Other settings of the facts, or another
archive, make all of it anew.

An earlier as-of is computed from the days before it. The as-of of a run is the midnight that the clock marks of all
partitions have passed."""


def pages() -> dict[str, str]:
    """Text of each page by file name."""
    return {
        "features.md": features_page(),
        "event-schema.json": json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
        "events.md": events_page(),
        "settings.md": settings_page(),
        "star-schema.md": star_page(),
        "metrics.md": metrics_page(),
    }


def features_page() -> str:
    """Every feature, in the order of the vector."""
    days = ", ".join(map(str, DAY_WINDOWS))
    weeks = ", ".join(map(str, WEEK_WINDOWS))
    rows = [(f"`{f.name}`", f.unit, f.window, f.kind, f.description) for f in CATALOGUE]
    return _page(
        "Features",
        f"{len(CATALOGUE)} numbers for each user, computed when they are asked for, from the user's state and "
        "a moment, `now`. They know nothing from after `now`, and nothing of the events that announce a loss "
        "or a treatment: cancellations, steps of cancelling, promotions and experiment assignments.",
        f"- Windows of {days} days (`d`) are calendar days in UTC: the day of `now` and those before it. "
        f"Windows of {weeks} weeks (`w`) are weeks from Monday: the week of `now` and those before it.\n"
        "- Of whom a clock mark found gone the days are forgotten: after a return they begin anew; weeks and "
        "lifetime figures go on.\n"
        "- What cannot be known is empty (NaN in the vector), never zero: a mean gap before the second "
        "session, a share of nothing.\n"
        "- `code` is the 32-bit XXH32 of a name; `ebbwatch users show` gives the name itself.",
        _table(("name", "unit", "window", "kind", "meaning"), rows),
    )


def events_page() -> str:
    """Types and fields of events, the clock mark, and the erasure."""
    types = [(f"`{name}`", "yes" if opens else "", why) for name, (opens, why) in EVENT_TYPES.items()]
    return _page(
        "Events",
        "One JSON object a record in the topic `session-events`; the record's key is the `user_id` in UTF-8. "
        f"A record longer than {MAX_EVENT_BYTES:,} bytes is refused. [event-schema.json](event-schema.json) is "
        "the same as JSON Schema.",
        "## Types\n\nAny other type is accepted and kept; it is a sign of life only if the setting "
        "`EBBWATCH_SESSION_TYPES` lists it.",
        _table(("type", "sign of life", "what it stands for"), types),
        "## Fields\n\nOnly the first four are required. Fields that are not listed are kept in the log and "
        "not interpreted; absent is the same as `null`.",
        _table(("field", "kind", "required", "meaning"), _fields(Event)),
        "## Clock marks\n\nA record without a key moves the clock of its partition; nothing else does.",
        _table(("field", "kind", "required", "meaning"), _fields(ClockMark)),
        "## Erasures\n\nA record with a user id as its key and the value "
        f"`{encode(UserErasure(erase=True)).decode()}` forgets all of that user, as "
        "[user-state.md](user-state.md) says; events after it begin anew. `ebbwatch erase` and "
        "`DELETE /v1/users/{id}` write it.",
        _table(("field", "kind", "required", "meaning"), _fields(UserErasure)),
    )


def settings_page() -> str:
    """Every setting with its variable, default and meaning."""
    prefix = Settings.model_config["env_prefix"]
    rows = [
        (
            f"`{prefix}{name.upper()}`",
            f"`{_default(field.default)}`",
            (field.description or "") + ("; **secret**" if name in SECRETS else ""),
        )
        for name, field in Settings.model_fields.items()
    ]
    reached = [
        (f"`{name}`", server, meaning)
        for server, variables in (("Kafka", kafka.VARIABLES), ("Redis", redis.VARIABLES))
        for name, meaning in variables.items()
    ]
    return _page(
        "Settings",
        "Each is a variable of the environment; what is not set has its default. Settings that shape stored "
        "facts are hashed into the store: a worker that has others refuses to start and names "
        "`ebbwatch rebuild`.",
        _table(("variable", "default", "meaning"), rows),
        f"Each **secret** may be given by a file instead: `{prefix}<NAME>_FILE` names it, as secrets of Docker and "
        "Kubernetes are mounted. Both at once are refused. A line break at its end does not count.",
        "## Kafka and Redis\n\nWithout the first and `REDIS_URL`, `ebbwatch stack up` says where they are. "
        "[operations.md](operations.md#security) says how certificates and users are made.",
        _table(("variable", "of", "meaning"), reached),
    )


def metrics_page() -> str:
    """Every metric by the process that tells it, and every label."""
    parts = []
    for port, metrics in described().items():
        rows = [
            (
                f"`{m.name}`",
                m.kind,
                ", ".join(f"`{label}`" for label in m.labels),
                m.unit,
                _said(m.meaning, m.buckets),
            )
            for m in metrics
        ]
        variable = f"{Settings.model_config['env_prefix']}{port.setting.upper()}"
        parts += [
            f"## {port.process.capitalize()}",
            f"Port `{variable}`, job `{port.job}` in Prometheus.",
            _table(("metric", "type", "labels", "unit", "meaning"), rows),
        ]
    labels = [(f"`{name}`", values, str(most)) for name, (values, most) in sorted(LABELS.items())]
    return _page(
        "Metrics",
        "What each process tells Prometheus at `/metrics`. [operations.md](operations.md#watch) says what to look "
        "at, [runbooks](runbooks/README.md) what to do when an alert rule fires.",
        _NAMES,
        *parts,
        "## Labels\n\nNo label holds a user id, a path or anything else that grows with the users.",
        _table(("label", "values", "at most"), labels),
        _COST,
    )


def _said(meaning: str, buckets: tuple[float, ...]) -> str:
    meaning = f"{meaning.rstrip('.')}."
    return f"{meaning} Buckets: {', '.join(f'{b:g}' for b in buckets)}." if buckets else meaning


def star_page() -> str:
    """Every table of the star with its columns."""
    parts = []
    for name, columns in schema.TABLES.items():
        parts += [f"## `{name}`", ABOUT[name], _columns(columns, MEANINGS[name])]
    label = MEANINGS["users"]
    for name, columns in (("daily_active", active.DAILY_ACTIVE), ("weekly_active", active.WEEKLY_ACTIVE)):
        parts += [f"## `{name}`", active.ABOUT[name], _columns(columns, label | active.MEANINGS)]
    return _page(
        "The star schema",
        "What all batch jobs start from: facts by user and day, and users as of a midnight, made from the archived "
        "log. Days are UTC days, money is in minor units. An **activity** is an event of a type that opens or "
        "continues a session ([events.md](events.md)). Of events with the same user, id and day one counts, the "
        "first by (time, offset). Of users who were erased nothing is left once the archive has carried the erasure "
        "out.",
        *parts,
        "## Sessions\n\n" + inspect.cleandoc(sessions.__doc__ or "").partition("\n\n")[2],
        _READING,
    )


def _columns(columns: pa.Schema, meanings: dict[str, str]) -> str:
    rows = [(f"`{f.name}`", str(f.type), "yes" if f.nullable else "", meanings[f.name]) for f in columns]
    return _table(("column", "type", "may be null", "meaning"), rows)


def _default(default: object) -> str:
    assert default is not PydanticUndefined, "every setting has a default"
    return json.dumps(list(default)) if isinstance(default, tuple) else str(default)


def _fields(struct: type[msgspec.Struct]) -> Iterable[tuple[str, str, str, str]]:
    schema = msgspec.json.schema(struct)["$defs"][struct.__name__]
    meanings = _meanings(struct)
    for name, field in schema["properties"].items():
        yield f"`{name}`", _kind(field), "yes" if name in schema["required"] else "", meanings.get(name, "")


def _meanings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The text below each field in the source."""
    body = cast("ast.ClassDef", ast.parse(inspect.getsource(struct)).body[0]).body
    return {
        field.target.id: " ".join(below.value.value.split()).replace("``", "`")
        for field, below in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(below.value.value, str)
    }


def _kind(field: dict[str, Any]) -> str:
    """What values a field of the JSON Schema takes, in words."""
    match field:
        case {"anyOf": [*kinds]}:
            return " or ".join(_kind(k) for k in kinds if k != {"type": "null"})
        case {"enum": [*names]}:
            return " or ".join(f"`{name}`" for name in names if name is not None)
        case {"type": "string", "format": "date-time"}:
            return "text, RFC 3339 with an offset"
        case {"type": "string", "maxLength": most}:
            return f"text, at most {most} characters"
        case {"type": ("integer" | "number") as kind}:
            bounds = [f"{field[b]:,}" if b in field else "" for b in ("minimum", "maximum")]
            return {"integer": "whole number", "number": "number"}[kind] + (
                f", {bounds[0]} to {bounds[1]}" if all(bounds) else ""
            )
        case _:
            return str(field["type"])


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", _NOTE, *parts]) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def write(folder: Annotated[Path, typer.Argument(help="Where the pages go.")] = Path("docs")) -> None:
    """Write every reference page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, "utf-8")
        typer.echo(f"{folder / name}")


if __name__ == "__main__":
    typer.run(write)
