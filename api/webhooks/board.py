"""What the routes of webhooks do: records into `control`, reads from Redis."""

import secrets
import time
from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec

from api.problems import ProblemError
from api.resources import Resources
from api.webhooks.models import NewWebhook, WebhookChange
from control import feed, tables
from control.waiting import projected
from control.webhooks.signing import new_secret, rotated
from control.writing import ControlAwayError
from domain.control import Webhook
from domain.targets import url_fault

MOST: Final = 100
"""Webhooks of a deployment."""
_HOUR_MS: Final = 3_600_000


async def all_webhooks(resources: Resources) -> dict[str, Webhook]:
    """By id, in its order."""
    stored = cast("dict[bytes, bytes]", await cast(Any, resources.store.hgetall(tables.WEBHOOKS)))
    found = {id_.decode(): msgspec.json.decode(value, type=Webhook) for id_, value in stored.items()}
    return dict(sorted(found.items()))


async def find(resources: Resources, id_: str) -> Webhook:
    """One of them.

    Raises:
        ProblemError: 404.
    """
    stored = await cast(Any, resources.store.hget(tables.WEBHOOKS, id_))
    if stored is None:
        raise ProblemError(404, "unknown_webhook", "there is no such webhook (`GET /v1/webhooks` lists them)")
    return msgspec.json.decode(stored, type=Webhook)


async def made(resources: Resources, wish: NewWebhook, by: str) -> Webhook:
    """A new one, not written yet.

    Raises:
        ProblemError: 409, the target is refused, or there are too many.
    """
    _check(resources, wish.url)
    if len(await all_webhooks(resources)) >= MOST:
        raise ProblemError(409, "too_many_webhooks", f"there may be {MOST} webhooks: delete one")
    now = _now_ms()
    return Webhook(
        id="wh_" + secrets.token_hex(8),
        name=wish.name,
        url=wish.url,
        secrets=(new_secret(now),),
        filter=wish.filter.stored(),
        after=await feed.last_number_async(resources.store) if wish.start == "now" else -1,
        enabled_since=now if wish.enabled else 0,
        created=now,
        by=by,
    )


def changed(resources: Resources, webhook: Webhook, wish: WebhookChange) -> Webhook:
    """As it shall be.

    Raises:
        ProblemError: 409, the target is refused.
    """
    if wish.url is not None:
        _check(resources, wish.url)
    enabled_since = webhook.enabled_since
    if wish.enabled is not None:
        enabled_since = _now_ms() if wish.enabled else 0
    return msgspec.structs.replace(
        webhook,
        url=wish.url or webhook.url,
        name=wish.name or webhook.name,
        filter=webhook.filter if wish.filter is None else wish.filter.stored(),
        enabled_since=enabled_since,
    )


def with_new_secret(webhook: Webhook, overlap_hours: int) -> Webhook:
    """A new secret is the first one; the others hold for a while."""
    held = rotated(webhook.secrets, _now_ms(), overlap_hours * _HOUR_MS)
    return msgspec.structs.replace(webhook, secrets=held)


async def write(resources: Resources, webhooks: Sequence[Webhook], removed: Sequence[bytes] = ()) -> bool:
    """Into the topic; whether it can be read already.

    Raises:
        ProblemError: 503, nothing was decided.
    """
    try:
        offset = await resources.control.write_async(webhooks, removed)
    except ControlAwayError as fault:
        raise ProblemError(503, "kafka_away", str(fault), {"Retry-After": "5"}) from fault
    return await projected(resources.store, offset, resources.config.patience_s)


def _check(resources: Resources, url: str) -> None:
    if fault := url_fault(url, resources.config.webhook_private):
        raise ProblemError(409, "target_refused", f"the target {fault}")


def _now_ms() -> int:
    return int(time.time() * 1000)
