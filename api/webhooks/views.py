"""Webhooks as they are shown: never with a secret."""

from api.webhooks.models import DeadView, DeliveryView, Filter, SecretView, WebhookView
from control.webhooks.queue import Attempt, Standing, Tried
from domain.control import Webhook
from domain.webhooks import Rules, delivery_id, resumed, state_of


def webhook_view(webhook: Webhook, stands: Standing, rules: Rules, now_ms: int) -> WebhookView:
    """One of them."""
    breaker = resumed(stands.breaker, webhook.enabled_since)
    state = state_of(breaker, webhook.enabled_since, now_ms, rules)
    by = webhook.filter
    return WebhookView(
        id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        filter=Filter.model_validate(
            {
                "events": list(by.events),
                "tiers": list(by.tiers),
                "plans": list(by.plans),
                "minimum_value": by.minimum_value,
                "urgent": by.urgent,
            }
        ),
        enabled=webhook.enabled_since > 0,
        state=state,
        paused_why="" if state != "paused" else breaker.paused_why if webhook.enabled_since else "off",
        waiting=stands.waiting,
        dead=stands.dead,
        oldest_waiting=stands.oldest or None,
        secrets=[
            SecretView(created=secret.created, expires=secret.expires or None)
            for secret in webhook.secrets
            if not secret.expires or now_ms < secret.expires
        ],
        created=webhook.created,
        created_by=webhook.by,
    )


def delivery_view(webhook: str, attempt: Attempt) -> DeliveryView:
    """One attempt."""
    return DeliveryView(
        delivery=delivery_id(webhook, attempt.number),
        number=attempt.number,
        at=attempt.at,
        ms=attempt.ms,
        attempt=attempt.attempt,
        outcome=attempt.outcome,
        status=attempt.status,
        fault=attempt.fault,
    )


def dead_view(webhook: str, number: int, tried: Tried) -> DeadView:
    """One delivery that was given up."""
    return DeadView(
        delivery=delivery_id(webhook, number),
        number=number,
        attempts=tried.attempts,
        at=tried.at,
        status=tried.status,
        fault=tried.fault,
    )
