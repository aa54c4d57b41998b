"""Files of transactions: sent, looked at, trained on, and gone again."""

import asyncio
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request, Security
from fastapi.responses import Response
from pydantic import AfterValidator

from advisor.exports.names import CARD
from advisor.insights.campaigns import Campaign
from advisor.intake.mapping import Mapping, MappingError, check
from advisor.training.names import PDF
from advisor.workspaces.folders import PROFILE, RESULTS, THRESHOLD, shown_name
from advisor.workspaces.workspace import Workspace
from api.access.guard import guard
from api.answers import encoded, returns
from api.paths import decoded
from api.people.examples import WHAT_IF
from api.problems import ProblemError, answers
from api.resources import Resources
from api.routes.campaigns import EXAMPLE
from api.workspaces.customers import ONE, PAGE, CustomersView, OneCustomer, Wanted
from api.workspaces.desk import Desk
from api.workspaces.sorting import Sort
from api.workspaces.supposing import suppose
from api.workspaces.views import (
    ACTIONS_EXAMPLE,
    CHARTS_EXAMPLE,
    ActionsSaid,
    ActionsView,
    ChartsView,
    LearnSaid,
    MappingSaid,
    Supposed,
    WhatIfAsked,
    WorkspacesView,
    WorkspaceView,
    charts_view,
)
from domain.control import ApiKey
from profiles.questions import WhatIf

router = APIRouter(prefix="/v1/workspaces", tags=["workspaces"])

Key = Annotated[ApiKey, Security(guard, scopes=["workspaces"])]
Id = Annotated[str, Path(pattern="^[a-z2-7]{26}$", description="of the workspace")]
Customer = Annotated[
    str,
    Path(description="customer as in the file, percent-encoded", examples=["17850"]),
    AfterValidator(decoded),
]
_FAULTS: Final = (401, 403, 404, 422, 429)
_JSON: Final = "application/json"
_MOST: Final = 1000
_FORMS: Final = {"svg": "image/svg+xml", "png": "image/png"}
_BYTES: Final = {"schema": {"type": "string", "format": "binary"}}
_HTML: Final = "text/html; charset=utf-8"
_SHOWN: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
}
"""Of what people look at: its own style and pictures, and nothing else."""


def _desk(request: Request) -> Desk:
    resources: Resources = request.app.state.resources
    return resources.desk


async def _seen(desk: Desk, found: Workspace) -> WorkspaceView:
    return await asyncio.to_thread(desk.seen, found)


@router.post(
    "",
    status_code=201,
    summary="Send a file",
    responses={
        201: {"description": "It will be read.", "model": None},
        **answers(400, 401, 403, 408, 413, 422, 429),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def send(
    request: Request,
    key: Key,
    name: Annotated[str, Query(max_length=1000, description="of the file, to be shown")] = "file",
) -> Response:
    """CSV in any dialect, Excel or Parquet, up to 100 MB, as the body: `curl --data-binary @orders.csv`.

    It is written to disk as it comes, and read by another process: ask for the workspace until its `state` is `read`.
    """
    desk = _desk(request)
    path = await asyncio.to_thread(desk.begin)
    try:
        with path.open("wb") as file:
            async for block in request.stream():
                await asyncio.to_thread(file.write, block)
            if not file.tell():
                raise ProblemError(
                    422, "empty", "no file came: send it as the body, with --data-binary @FILE"
                )
        made = await asyncio.to_thread(desk.opened, key, shown_name(name), path)
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)
    answer = encoded(await _seen(desk, made))
    answer.status_code = 201
    answer.headers["Location"] = f"/v1/workspaces/{made.id}"
    return answer


@router.get("", summary="All workspaces", responses=answers(401, 403, 429))
async def all_of_them(request: Request, key: Key) -> Response:
    """Those of the key, the newest first; of all keys for one with the scope admin."""
    desk = _desk(request)
    found = await asyncio.to_thread(lambda: [desk.seen(one) for one in desk.all(key)])
    return encoded(WorkspacesView(items=found))


@router.get("/{id_}", summary="One workspace", responses=answers(*_FAULTS))
async def one(request: Request, key: Key, id_: Id) -> Response:
    """Its state, columns, what they seem to mean, and how far the work is that is under way."""
    desk = _desk(request)
    return encoded(await _seen(desk, await asyncio.to_thread(desk.one, key, id_)))


@router.delete("/{id_}", status_code=204, summary="Delete a workspace", responses=answers(*_FAULTS))
async def delete(request: Request, key: Key, id_: Id) -> Response:
    """All of it: the file, what was made of it, and the work that is under way."""
    await asyncio.to_thread(_desk(request).delete, key, id_)
    return Response(status_code=204)


@router.get("/{id_}/preview", summary="First rows", responses=answers(409, *_FAULTS))
async def preview(
    request: Request, key: Key, id_: Id, rows: Annotated[int, Query(ge=1, le=200)] = 20
) -> Response:
    """As text, with the number of the row as `_row`."""
    return encoded({"items": await asyncio.to_thread(_desk(request).preview, key, id_, rows)})


@router.put(
    "/{id_}/mapping", status_code=202, summary="Say what the columns are", responses=answers(409, *_FAULTS)
)
async def map_(request: Request, key: Key, id_: Id, said: MappingSaid) -> Response:
    """The rows are taken for events then; results of a former mapping are dropped."""
    desk = _desk(request)
    mapping = msgspec.convert(said.model_dump(), Mapping)
    described = (await asyncio.to_thread(desk.one, key, id_)).described
    if described is None:
        raise ProblemError(409, "not_yet", "the file has not been read yet")
    try:
        check(mapping, described)
    except MappingError as fault:
        raise ProblemError(422, "mapping", str(fault)) from fault
    return await _accepted(desk, await asyncio.to_thread(desk.changed, key, id_, "mapping", mapping=mapping))


@router.get("/{id_}/profile", summary="Quality of the file", responses=answers(409, *_FAULTS))
async def profile(request: Request, key: Key, id_: Id) -> Response:
    """Missing, doubles, outliers, months, products, and a score from 0 to 10 with its reasons."""
    content = await asyncio.to_thread(_desk(request).read, key, id_, PROFILE)
    return Response(content, media_type=_JSON)


@router.get("/{id_}/threshold", summary="When somebody counts as lost", responses=answers(409, *_FAULTS))
async def threshold(request: Request, key: Key, id_: Id) -> Response:
    """The proposed days of silence, the gaps behind them, and the churn rate at each value from 30 to 180."""
    content = await asyncio.to_thread(_desk(request).read, key, id_, THRESHOLD)
    return Response(content, media_type=_JSON)


@router.post("/{id_}/training", status_code=202, summary="Train on it", responses=answers(409, *_FAULTS))
async def train(request: Request, key: Key, id_: Id, said: LearnSaid) -> Response:
    """Replays the file through the stream's own code; results of a former training stand until it is done."""
    desk = _desk(request)
    return await _accepted(desk, await asyncio.to_thread(desk.train, key, id_, said))


@router.delete("/{id_}/training", summary="Cancel the training", responses=answers(409, *_FAULTS))
async def cancel(request: Request, key: Key, id_: Id) -> Response:
    """It ends within seconds. What it has learned is kept: a training with the same days and seed goes on from it."""
    desk = _desk(request)
    return encoded(await _seen(desk, await asyncio.to_thread(desk.changed, key, id_, "mapped")))


@router.get("/{id_}/results", summary="What was found", responses=answers(409, *_FAULTS))
async def results(request: Request, key: Key, id_: Id) -> Response:
    """Contestants with their figures, money at risk, campaigns, rules, drivers, and who moved up within a week."""
    return Response(await asyncio.to_thread(_desk(request).summary, key, id_), media_type=_JSON)


@router.get(
    "/{id_}/customers",
    summary="Customers",
    responses={**returns(CustomersView, PAGE), **answers(409, *_FAULTS)},
)
async def customers(
    request: Request,
    key: Key,
    id_: Id,
    tier: Annotated[Literal["high", "medium", "low", "gone"] | None, Query()] = None,
    segment: Annotated[str | None, Query(max_length=64, description="kind of customer")] = None,
    search: Annotated[str, Query(max_length=256, description="what ids begin with")] = "",
    sort: Annotated[
        Sort,
        Query(description="most money at risk first, the greatest risk, or what has risen most in a week"),
    ] = "value",
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 100,
    cursor: Annotated[
        int, Query(ge=0, le=2**31, description="`cursor` of the answer before; so many are passed over")
    ] = 0,
) -> Response:
    """All or some of them, with what to do; who has none of what is sorted by comes last."""
    found = await asyncio.to_thread(
        _desk(request).customers, key, id_, Wanted(tier, segment, search), sort, cursor, limit
    )
    return encoded(found)


@router.get(
    "/{id_}/customers/{user}",
    summary="One customer",
    responses={**returns(OneCustomer, ONE), **answers(409, *_FAULTS)},
)
async def customer(request: Request, key: Key, id_: Id, user: Customer) -> Response:
    """With reasons, a week ago, contact fields, purchases by month, and what the model knows."""
    return encoded(await asyncio.to_thread(_desk(request).customer, key, id_, user))


@router.get(
    "/{id_}/actions",
    summary="What is recommended",
    responses={**returns(ActionsView, ACTIONS_EXAMPLE), **answers(*_FAULTS)},
)
async def actions(request: Request, key: Key, id_: Id) -> Response:
    """By the theme of the heaviest reason that raises the risk, and tier."""
    return encoded(ActionsView(actions=await asyncio.to_thread(_desk(request).actions, key, id_)))


@router.put(
    "/{id_}/actions",
    summary="Edit what is recommended",
    responses={**returns(ActionsView, ACTIONS_EXAMPLE), **answers(*_FAULTS)},
)
async def edit_actions(request: Request, key: Key, id_: Id, said: ActionsSaid) -> Response:
    """These rows take the place of the table's own and of former edits; lists have them from the next reading on."""
    edits = said.model_dump(exclude_none=True)["actions"]
    return encoded(ActionsView(actions=await asyncio.to_thread(_desk(request).edit_actions, key, id_, edits)))


@router.post(
    "/{id_}/predict",
    summary="What a customer's score is, and would be if",
    responses={**returns(WhatIf, WHAT_IF), **answers(409, *_FAULTS)},
)
async def predict(request: Request, key: Key, id_: Id, asked: WhatIfAsked) -> Response:
    """As of the end of the file. Let days pass in silence, or change features: the new score, and what moved it."""
    held = await asyncio.to_thread(_desk(request).held, key, id_)
    changed = {} if asked.features is None else asked.features.model_dump(exclude_unset=True)
    return encoded(await asyncio.to_thread(suppose, held, asked.user, asked.silent_days, changed))


@router.post(
    "/{id_}/simulate",
    summary="Suppose a campaign",
    responses={**returns(Campaign, EXAMPLE), **answers(409, *_FAULTS)},
)
async def simulate(request: Request, key: Key, id_: Id, said: Supposed) -> Response:
    """Whom it is worth most to contact comes first, of those in the high and medium tier."""
    return encoded(await asyncio.to_thread(_desk(request).simulate, key, id_, said))


@router.get("/{id_}/predictions.csv", summary="Everybody, as CSV", responses=answers(409, *_FAULTS))
async def predictions(request: Request, key: Key, id_: Id) -> Response:
    """With contact fields that the file has."""
    return _csv(await asyncio.to_thread(_desk(request).lists, key, id_, whom=False))


@router.get("/{id_}/targets.csv", summary="Whom to contact, as CSV", responses=answers(409, *_FAULTS))
async def targets(request: Request, key: Key, id_: Id) -> Response:
    """Those of the high and medium tier whom it pays to contact by the offer of the training, with what to do."""
    return _csv(await asyncio.to_thread(_desk(request).lists, key, id_, whom=True))


@router.get("/{id_}/summary.pdf", summary="Two pages for who decides", responses=answers(409, *_FAULTS))
async def summary(request: Request, key: Key, id_: Id) -> Response:
    """What is at risk, whom to contact, why customers leave, how sure that is; with pictures."""
    content = await asyncio.to_thread(_desk(request).read, key, id_, f"{RESULTS}/{PDF}")
    return Response(content, media_type="application/pdf")


@router.get(
    "/{id_}/charts",
    summary="Charts",
    responses={**returns(ChartsView, CHARTS_EXAMPLE), **answers(*_FAULTS)},
)
async def charts(request: Request, key: Key, id_: Id) -> Response:
    """Those that have been drawn: of the file once it is mapped, of what was learned once it is trained on."""
    return encoded(charts_view(id_, await asyncio.to_thread(_desk(request).charts, key, id_)))


@router.get(
    "/{id_}/charts/{file}",
    summary="A chart as an image",
    response_class=Response,
    responses={
        200: {"description": "The image.", "content": dict.fromkeys(_FORMS.values(), _BYTES)},
        **answers(409, *_FAULTS),
    },
)
async def chart(
    request: Request,
    key: Key,
    id_: Id,
    file: Annotated[str, Path(pattern="^[a-z]{1,20}\\.(svg|png)$", examples=["months.svg"])],
) -> Response:
    """`{name}.svg` or `{name}.png`."""
    name, _, form = file.partition(".")
    content = await asyncio.to_thread(_desk(request).chart, key, id_, name, form)
    return Response(content, media_type=_FORMS[form], headers=_SHOWN)


@router.get(
    "/{id_}/model-card.html",
    summary="Model card",
    response_class=Response,
    responses={
        200: {"description": "The page.", "content": {_HTML: {"schema": {"type": "string"}}}},
        **answers(409, *_FAULTS),
    },
)
async def card(request: Request, key: Key, id_: Id) -> Response:
    """What the model is for, what it was made of, how good it is, on whom it errs, and what it cannot know."""
    content = await asyncio.to_thread(_desk(request).read, key, id_, f"{RESULTS}/{CARD}")
    return Response(content, media_type=_HTML, headers=_SHOWN)


async def _accepted(desk: Desk, found: Workspace) -> Response:
    answer = encoded(await _seen(desk, found))
    answer.status_code = 202
    return answer


def _csv(content: bytes) -> Response:
    return Response(content, media_type="text/csv; charset=utf-8")
