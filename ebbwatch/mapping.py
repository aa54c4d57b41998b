"""The options that say what the rows of a file mean, shared by the commands that read one."""

import inspect
from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import wraps
from typing import Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from producers.replay.columns import Columns
from producers.replay.layout import Layout
from producers.replay.layouts import LAYOUTS
from producers.replay.times import Times


class Rows(NamedTuple):
    """How to read a file."""

    layout: Layout
    delimiter: str
    sessions_named: bool
    """Whether a column of the mapping holds session ids."""


def _column(help_text: str, name: str) -> Any:
    return typer.Option(f"--{name}", metavar="COL", help=help_text, rich_help_panel="Columns")


Column = str | None


def _rows(
    user: Annotated[Column, _column("User id.", "user")] = None,
    time: Annotated[Column, _column("When it happened.", "time")] = None,
    amount: Annotated[Column, _column("Money, in major units.", "amount")] = None,
    kind: Annotated[Column, _column("Type of the event.", "type")] = None,
    session: Annotated[Column, _column("Session id.", "session")] = None,
    product: Annotated[Column, _column("Product of a purchase.", "product")] = None,
    quantity: Annotated[Column, _column("Items of a purchase.", "quantity")] = None,
    platform: Annotated[Column, _column("web, ios...", "platform")] = None,
    plan: Annotated[Column, _column("Plan that the user is on.", "plan")] = None,
    channel: Annotated[Column, _column("How the user came.", "channel")] = None,
    geography: Annotated[Column, _column("Country or region.", "geography")] = None,
    order: Annotated[Column, _column("Order that a purchase line belongs to.", "order")] = None,
    feature: Annotated[Column, _column("Feature that was used.", "feature")] = None,
    category: Annotated[Column, _column("Category of the feature.", "category")] = None,
    event_id: Annotated[Column, _column("Event id; else file name and row number.", "event-id")] = None,
    layout: Annotated[
        str | None, typer.Option(help=f"Instead of columns, a known layout: {', '.join(LAYOUTS)}.")
    ] = None,
    default_type: Annotated[str, typer.Option(help="Type of rows that name none.")] = "page_view",
    time_format: Annotated[
        str | None, typer.Option(help="strptime pattern of times; else ISO or numbers since 1970.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="Zone of times that do not say theirs.")] = "UTC",
    delimiter: Annotated[str, typer.Option(help="Between the values of a CSV row.")] = ",",
) -> Rows:
    mapping = {
        "user": user, "time": time, "amount": amount, "type": kind, "session": session, "product": product,
        "quantity": quantity, "platform": platform, "plan": plan, "channel": channel, "geography": geography,
        "order": order, "feature": feature, "category": category, "event_id": event_id,
    }  # fmt: skip
    columns = {option: name for option, name in mapping.items() if name is not None}
    times = Times(_zone(timezone), time_format)
    return Rows(_layout(layout, columns, default_type, times), delimiter, session is not None)


_OPTIONS: Final = inspect.signature(_rows).parameters


def with_mapping(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options of a mapping in the place of its parameter `rows`, which gets a `Rows`.

    The command then raises `typer.BadParameter` where the options contradict each other or name what is not there.
    """

    @wraps(command)
    def mapped(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in _OPTIONS}
        command(rows=_rows(**chosen), **given)

    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        parameters += _OPTIONS.values() if name == "rows" else [parameter]
    named = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    mapped.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined] # typer reads it
    mapped.__annotations__ = {p.name: p.annotation for p in named}
    return mapped


def _layout(name: str | None, columns: dict[str, str], default_type: str, times: Times) -> Layout:
    if name is not None:
        if columns:
            raise typer.BadParameter(f"--layout {name} already says which columns mean what: leave those out")
        if name not in LAYOUTS:
            raise typer.BadParameter(f"no layout {name!r}; there are: {', '.join(LAYOUTS)}")
        return LAYOUTS[name](times)
    missing = [f"--{option}" for option in ("user", "time") if option not in columns]
    if missing:
        raise typer.BadParameter(f"say which column it is: {' and '.join(missing)}; or give --layout")
    return Columns(columns, default_type, times)


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise typer.BadParameter(f"no time zone {name!r}; for instance Europe/London") from error
