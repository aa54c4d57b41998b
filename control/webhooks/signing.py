"""Secrets of webhooks and signatures by them (Standard Webhooks, HMAC-SHA256).

A secret must be had again to sign, and shall stand neither in Kafka nor in Redis: it is derived, as
HMAC-SHA256(key of the deployment, webhook and id of the secret). Without the deployment's key (the one that signs
model versions) nobody can make one from what is stored.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook as Signer

from domain.control import Webhook, WebhookSecret

_PURPOSE: Final = b"ebbwatch webhook secret 1\0"
_MOST: Final = 5
"""Secrets that sign at a time: headers must not grow."""


def new_secret(now_ms: int) -> WebhookSecret:
    """The newest one."""
    return WebhookSecret(id=secrets.token_hex(16), created=now_ms)


def rotated(held: tuple[WebhookSecret, ...], now_ms: int, overlap_ms: int) -> tuple[WebhookSecret, ...]:
    """A new secret before those of old, which hold for `overlap_ms` more at most."""
    until = now_ms + overlap_ms
    old = [
        WebhookSecret(id=s.id, created=s.created, expires=min(s.expires, until) if s.expires else until)
        for s in held
    ]
    return (new_secret(now_ms), *(s for s in old if s.expires > now_ms))[:_MOST]


def secret_text(key: str, webhook: str, secret: WebhookSecret) -> str:
    """``whsec_...``, as the receiver has it."""
    derived = hmac.digest(key.encode(), _PURPOSE + f"{webhook}/{secret.id}".encode(), hashlib.sha256)
    return "whsec_" + base64.b64encode(derived).decode()


def signed_headers(key: str, webhook: Webhook, id_: str, body: bytes, now_ms: int) -> dict[str, str]:
    """Of one attempt: a signature by each secret that holds, so that a receiver may have any of them."""
    at = datetime.fromtimestamp(now_ms // 1000, UTC)
    holding = [s for s in webhook.secrets if not s.expires or now_ms < s.expires]
    signatures = [
        Signer(secret_text(key, webhook.id, secret)).sign(id_, at, body.decode()) for secret in holding
    ]
    return {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(now_ms // 1000),
        "webhook-signature": " ".join(signatures),
    }
