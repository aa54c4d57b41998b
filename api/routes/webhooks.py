"""Webhooks: where alerts are delivered to."""

import secrets
import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Response, Security
from pydantic import BaseModel

from api.access.guard import guard
from api.problems import answers
from api.resources import Resources, resources_of
from api.webhooks import board
from api.webhooks.models import (
    DeadPage,
    DeliveryPage,
    NewWebhook,
    Replay,
    Replayed,
    Rotation,
    TestResult,
    WebhookChange,
    WebhookPage,
    WebhookSecretView,
    WebhookView,
)
from api.webhooks.views import dead_view, delivery_view, webhook_view
from control.webhooks import queue as queues
from control.webhooks.queue import Queue
from control.webhooks.sender import Sender
from control.webhooks.signing import secret_text, signed_headers
from domain.control import ApiKey, Webhook, key_of
from domain.webhooks import Rules, test_payload, verdict

router = APIRouter(tags=["webhooks"])

Admin = Annotated[ApiKey, Security(guard, scopes=["admin"])]
Given = Annotated[Resources, Depends(resources_of)]
_ID: Final = r"^wh_[0-9a-f]{16}$"
Id = Annotated[str, Path(alias="id", pattern=_ID, examples=["wh_4f6c1d2e3a5b7c80"])]
Limit = Annotated[int, Query(ge=1, le=1000, description="items of a page")]
_CURSOR: Final = "`next` of the page before"
WebhookCursor = Annotated[str | None, Query(pattern=_ID, description=_CURSOR)]
LineCursor = Annotated[str | None, Query(pattern=r"^[1-9][0-9]{0,14}-[0-9]{1,10}$", description=_CURSOR)]
NumberCursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,15}$", description=_CURSOR)]

_READS: Final = (401, 403, 422, 429, 503)
_WRITES: Final = (400, 401, 403, 408, 413, 422, 429, 503)
_REPLAY_BLOCK: Final = 1000


def _accepted(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    return {202: {"model": model, "description": "It is decided, and can be read a moment later."}}


@router.post(
    "/v1/webhooks",
    status_code=201,
    summary="Add a webhook",
    responses=_accepted(WebhookSecretView) | answers(409, *_WRITES),
)
async def create_webhook(
    wish: NewWebhook, response: Response, resources: Given, key: Admin
) -> WebhookSecretView:
    """Deliver alerts to a URL. The answer shows the secret that the receiver needs, this once."""
    webhook = await board.made(resources, wish, key.name)
    if not await board.write(resources, [webhook]):
        response.status_code = 202
    return await _with_secret(resources, webhook)


@router.get("/v1/webhooks", summary="List webhooks", responses=answers(*_READS))
async def list_webhooks(
    resources: Given, _: Admin, limit: Limit = 100, cursor: WebhookCursor = None
) -> WebhookPage:
    """All webhooks, without their secrets."""
    found = await board.all_webhooks(resources)
    behind = [webhook for id_, webhook in found.items() if cursor is None or id_ > cursor]
    items = [await _view(resources, webhook) for webhook in behind[:limit]]
    return WebhookPage(items=items, next=items[-1].id if len(behind) > limit else None)


@router.get("/v1/webhooks/{id}", summary="Show a webhook", responses=answers(404, *_READS))
async def get_webhook(id_: Id, resources: Given, _: Admin) -> WebhookView:
    """One webhook, and how its deliveries stand."""
    return await _view(resources, await board.find(resources, id_))


@router.patch(
    "/v1/webhooks/{id}",
    summary="Change or pause a webhook",
    responses=_accepted(WebhookView) | answers(404, 409, *_WRITES),
)
async def change_webhook(
    id_: Id, wish: WebhookChange, response: Response, resources: Given, _: Admin
) -> WebhookView:
    """Change its target, name or filter; pause it, or let it go on where it stood."""
    webhook = board.changed(resources, await board.find(resources, id_), wish)
    if not await board.write(resources, [webhook]):
        response.status_code = 202
    return await _view(resources, webhook)


@router.delete(
    "/v1/webhooks/{id}", status_code=204, summary="Delete a webhook", responses=answers(404, *_READS)
)
async def delete_webhook(id_: Id, resources: Given, _: Admin) -> None:
    """Deliver nothing more, and forget what waits and what is dead."""
    await board.write(resources, [], [key_of(await board.find(resources, id_))])


@router.post(
    "/v1/webhooks/{id}/rotate",
    summary="Rotate the secret of a webhook",
    responses=_accepted(WebhookSecretView) | answers(404, *_WRITES),
)
async def rotate_secret(
    id_: Id, response: Response, resources: Given, _: Admin, rotation: Rotation | None = None
) -> WebhookSecretView:
    """A new secret, shown this once. Until the former ones expire, deliveries carry a signature by each."""
    overlap_hours = (rotation or Rotation()).overlap_hours
    webhook = board.with_new_secret(await board.find(resources, id_), overlap_hours)
    if not await board.write(resources, [webhook]):
        response.status_code = 202
    return await _with_secret(resources, webhook)


@router.post("/v1/webhooks/{id}/test", summary="Test a webhook", responses=answers(404, *_READS))
async def send_test(id_: Id, resources: Given, _: Admin) -> TestResult:
    """Send a signed event of the kind `webhook.test` now, once, and say what came of it."""
    webhook, now = await board.find(resources, id_), _now_ms()
    body = test_payload(webhook.id, now)
    delivery = "msg_test_" + secrets.token_hex(12)
    headers = signed_headers(resources.config.registry_key, webhook, delivery, body, now)
    async with Sender(private=resources.config.webhook_private) as sender:
        answer = await sender.send(webhook.url, body, headers)
    return TestResult(
        delivered=verdict(answer) == "delivered", status=answer.status, ms=answer.ms, fault=answer.fault
    )


@router.get(
    "/v1/webhooks/{id}/deliveries", summary="List attempts of delivery", responses=answers(404, *_READS)
)
async def list_deliveries(
    id_: Id, resources: Given, _: Admin, limit: Limit = 100, cursor: LineCursor = None
) -> DeliveryPage:
    """The last attempts (some 1,000 are kept), the newest first."""
    await board.find(resources, id_)
    found = await queues.attempts_before(resources.store, Queue(id_), cursor or "", limit + 1)
    items = [delivery_view(id_, attempt) for _, attempt in found[:limit]]
    return DeliveryPage(items=items, next=found[limit - 1][0] if len(found) > limit else None)


@router.get("/v1/webhooks/{id}/dead", summary="List dead deliveries", responses=answers(404, *_READS))
async def list_dead(
    id_: Id, resources: Given, _: Admin, limit: Limit = 100, cursor: NumberCursor = None
) -> DeadPage:
    """Deliveries that were given up after their last attempt."""
    await board.find(resources, id_)
    after = -1 if cursor is None else int(cursor)
    found = await queues.dead_after(resources.store, Queue(id_), after, limit + 1)
    items = [dead_view(id_, number, tried) for number, tried in found[:limit]]
    return DeadPage(items=items, next=str(items[-1].number) if len(found) > limit else None)


@router.post("/v1/webhooks/{id}/replay", summary="Replay dead deliveries", responses=answers(404, *_WRITES))
async def replay_dead(id_: Id, wish: Replay, resources: Given, _: Admin) -> Replayed:
    """Bring dead deliveries back: under their former ids, with all their attempts before them."""
    await board.find(resources, id_)
    queue, moved = Queue(id_), 0
    if wish.numbers is not None:
        return Replayed(replayed=await queues.replay(resources.store, queue, wish.numbers, _now_ms()))
    after = -1
    while found := await queues.dead_after(resources.store, queue, after, _REPLAY_BLOCK):
        after = found[-1][0]
        moved += await queues.replay(resources.store, queue, [number for number, _ in found], _now_ms())
    return Replayed(replayed=moved)


async def _view(resources: Resources, webhook: Webhook) -> WebhookView:
    stands = await queues.standing(resources.store, Queue(webhook.id))
    return webhook_view(webhook, stands, _rules(resources), _now_ms())


async def _with_secret(resources: Resources, webhook: Webhook) -> WebhookSecretView:
    view = await _view(resources, webhook)
    text = secret_text(resources.config.registry_key, webhook.id, webhook.secrets[0])
    return WebhookSecretView(**view.model_dump(), secret=text)


def _rules(resources: Resources) -> Rules:
    return Rules(breaker_failures=resources.config.webhook_breaker_failures)


def _now_ms() -> int:
    return int(time.time() * 1000)
