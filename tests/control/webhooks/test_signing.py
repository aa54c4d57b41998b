"""Signatures, with the published package as the receiver."""

import time

import msgspec
import pytest
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from control.webhooks.signing import new_secret, rotated, secret_text, signed_headers
from domain.control import Webhook, WebhookFilter, WebhookSecret, encode

BODY = b'{"type":"alert.raised"}'
KEY = "0" * 64
HOUR_MS = 3_600_000


def webhook(now_ms: int) -> Webhook:
    return Webhook(
        id="wh_1", name="CRM", url="https://crm.example.com/", secrets=(new_secret(now_ms),),
        filter=WebhookFilter(), after=-1, enabled_since=now_ms, created=now_ms, by="test",
    )  # fmt: skip


def now() -> int:
    return int(time.time() * 1000)


def test_the_published_package_accepts_and_nothing_may_be_changed() -> None:
    hook = webhook(now())
    secret = secret_text(KEY, hook.id, hook.secrets[0])
    headers = signed_headers(KEY, hook, "msg_1", BODY, now())
    assert Receiver(secret).verify(BODY, headers) == {"type": "alert.raised"}
    for changed in (
        (BODY + b" ", headers),
        (BODY, headers | {"webhook-id": "msg_2"}),
        (BODY, headers | {"webhook-timestamp": str(now() // 1000 - 1000)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Receiver(secret).verify(*changed)
    with pytest.raises(WebhookVerificationError):
        Receiver(secret_text("another deployment", hook.id, hook.secrets[0])).verify(BODY, headers)


def test_after_a_rotation_either_secret_is_accepted_until_the_old_one_expires() -> None:
    hook = webhook(now())
    old = secret_text(KEY, hook.id, hook.secrets[0])
    held = rotated(hook.secrets, now(), 24 * HOUR_MS)
    hook = msgspec.structs.replace(hook, secrets=held)
    new = secret_text(KEY, hook.id, held[0])
    headers = signed_headers(KEY, hook, "msg_1", BODY, now())
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        Receiver(secret).verify(BODY, headers)
    late = now() + 24 * HOUR_MS + 1000
    assert len(signed_headers(KEY, hook, "msg_1", BODY, late)["webhook-signature"].split(" ")) == 1


def test_rotations_do_not_pile_up_and_shorten_only() -> None:
    at = now()
    held: tuple[WebhookSecret, ...] = (new_secret(at),)
    for _ in range(10):
        held = rotated(held, at, HOUR_MS)
    assert len(held) == 5
    assert [bool(s.expires) for s in held] == [False, True, True, True, True]
    assert all(s.expires <= at + HOUR_MS for s in rotated(held, at, 48 * HOUR_MS)[2:])
    assert len(rotated(held, at, 0)) == 1, "without overlap only the new one holds"


def test_what_is_stored_holds_no_secret() -> None:
    hook = webhook(now())
    secret = secret_text(KEY, hook.id, hook.secrets[0])
    assert secret.startswith("whsec_")
    assert len(secret) == len("whsec_") + 44
    assert secret.removeprefix("whsec_").encode() not in encode(hook)
