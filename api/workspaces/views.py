"""What callers see of a workspace, and what they may say of it."""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from advisor.exports.names import SHOWN, Chart
from advisor.insights.campaigns import Scenario
from advisor.intake.described import Column
from advisor.intake.mapping import Mapping, Proposal, Role, as_proposed
from advisor.workspaces.workspace import Learn, Progress, State, Workspace
from api.people.catalogue import Features
from api.people.ids import UserId
from api.whole import WHOLE, Whole
from domain.actions import ANY
from online_model.explain.themes import THEMES


class WorkspaceView(msgspec.Struct, frozen=True, kw_only=True):
    """One file, and what has become of it. Moments are ms since 1970."""

    id: str
    name: str
    state: State
    error: str
    created: int
    expires: int
    """It is deleted then, all of it."""
    size: int
    """Bytes of the file."""
    rows: int | None
    columns: tuple[Column, ...]
    notes: tuple[str, ...]
    """What was done about oddities of the file."""
    proposed: dict[Role, Proposal]
    proposed_amount_is: Literal["total", "unit_price"] | None
    """What amounts seem to be; null before the file was read."""
    mapping: Mapping | None
    events: int | None
    """Rows that can be used."""
    customers: int | None
    rejected: dict[str, int]
    """Rows that were left out, by reason."""
    learn: Learn | None
    """How it is, or was last, trained on."""
    kept: float | None
    """Share of the file, 0 to 1, of a training as in `learn` that was cancelled: the next like it goes on from there.
    null where none was."""
    progress: Progress | None


class WorkspacesView(msgspec.Struct, frozen=True, kw_only=True):
    """All that the key may see, the newest first."""

    items: list[WorkspaceView]


class MappingSaid(BaseModel):
    """What the columns are."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "columns": {
                        "customer": "CustomerID",
                        "date": "InvoiceDate",
                        "amount": "UnitPrice",
                        "quantity": "Quantity",
                    },
                    "amount_is": "unit_price",
                }
            ]
        },
    )

    columns: dict[Role, Annotated[str, Field(min_length=1, max_length=1000)]]
    amount_is: Literal["total", "unit_price"] = "total"
    time_format: Annotated[str, Field(max_length=200)] | None = None
    decimal: Literal[".", ","] | None = None


class OfferSaid(BaseModel):
    """What customers are contacted with; money in the currency of the file."""

    model_config = ConfigDict(extra="forbid")

    contact: float = Field(
        5.0, ge=0, le=1e9, allow_inf_nan=False, strict=True, description="cost of one contact"
    )
    save_rate: float = Field(
        0.35,
        ge=0,
        le=1,
        allow_inf_nan=False,
        strict=True,
        description="share of those who would leave that it keeps",
    )
    discount: float = Field(
        0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        strict=True,
        description="share of their value that whoever stays is given",
    )


_Days = Annotated[int, Field(ge=1, le=180), WHOLE]


class LearnSaid(OfferSaid):
    """How it is to be trained on."""

    inactivity_days: _Days | None = Field(
        None, description="silence that makes a customer gone; else what the gaps propose"
    )
    horizon_days: _Days | None = Field(
        None, description="how far risk looks ahead; else half of that, within 7 and 90"
    )
    seed: Whole = Field(0, ge=0, le=2**31, description="of all randomness")


class Supposed(OfferSaid):
    """A campaign."""

    scenario: Scenario = "top_100"


class WhatIfAsked(BaseModel):
    """A customer, and what is to be different."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"user": "17850", "silent_days": 14},
                {"user": "17850", "features": {"orders_26w": 3}},
            ]
        },
    )

    user: UserId
    silent_days: float = Field(
        0.0, ge=0, le=365, allow_inf_nan=False, strict=True, description="days that pass without a purchase"
    )
    features: Features | None = Field(
        None, description="features of another value; what follows from them is not changed with them"
    )


_Text = Annotated[str, Field(min_length=1, max_length=500)]
_Theme = Annotated[str, Field(pattern=f"^({'|'.join((ANY, *THEMES))})$")]
_ACTIONS: Final[dict[str, Any]] = {
    "silence": {"high": "Call, and ask what is missing."},
    ANY: {"medium": "Next mailing."},
}


class ByTier(BaseModel):
    """What to do."""

    model_config = ConfigDict(extra="forbid")

    medium: _Text | None = None
    high: _Text | None = None


class ActionsSaid(BaseModel):
    """Rows in place of the table's own, by the theme of the heaviest reason that raises the risk."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"actions": _ACTIONS}]})

    actions: dict[_Theme, ByTier]


class ActionsView(msgspec.Struct, frozen=True, kw_only=True):
    """All of the table."""

    actions: dict[str, dict[str, str]]
    """By theme and tier; `any` stands for themes that have no row."""


ACTIONS_EXAMPLE: Final = ActionsView(actions=_ACTIONS)


class ChartView(msgspec.Struct, frozen=True, kw_only=True):
    """One chart."""

    name: Chart
    shows: str
    """What it shows, for who does not see it."""
    svg: str
    """Path of the image."""
    png: str


class ChartsView(msgspec.Struct, frozen=True, kw_only=True):
    """Those that have been drawn."""

    items: list[ChartView]


def charts_view(id_: str, names: Iterable[Chart]) -> ChartsView:
    """Charts of a workspace."""
    return ChartsView(
        items=[
            ChartView(
                name=name,
                shows=SHOWN[name],
                svg=f"/v1/workspaces/{id_}/charts/{name}.svg",
                png=f"/v1/workspaces/{id_}/charts/{name}.png",
            )
            for name in names
        ]
    )


CHARTS_EXAMPLE: Final = charts_view("abcdefghijklmnopqrstuvwxyz", ["months"])


def view(workspace: Workspace, progress: Progress | None, kept: float | None) -> WorkspaceView:
    """As callers see it."""
    described, told = workspace.described, workspace.told
    return WorkspaceView(
        id=workspace.id,
        name=workspace.name,
        state=workspace.state,
        error=workspace.error,
        created=workspace.created_ms,
        expires=workspace.expires_ms,
        size=workspace.size,
        rows=None if described is None else described.rows,
        columns=() if described is None else described.columns,
        notes=() if described is None else described.notes,
        proposed=workspace.proposed,
        proposed_amount_is=None if described is None else as_proposed(described).amount_is,
        mapping=workspace.mapping,
        events=None if told is None else told.events,
        customers=None if told is None else told.customers,
        rejected={} if told is None else told.rejected,
        learn=workspace.learn,
        kept=kept,
        progress=progress,
    )
