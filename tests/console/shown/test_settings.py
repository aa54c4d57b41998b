"""Keys, webhooks and thresholds."""

import pytest

from console.shown.settings import (
    contact_words,
    delivery_words,
    holds,
    key_state,
    names,
    threshold_rows,
    webhook_state,
)

DAY = 86_400_000


@pytest.mark.parametrize(
    ("revoked", "expires", "says", "good"),
    [
        (None, None, "holds", True),
        (None, 2 * DAY, "holds until 1970-01-03 00:00", True),
        (None, DAY, "expired 1970-01-02 00:00", False),
        (DAY, None, "revoked 1970-01-02 00:00", False),
        (DAY, 9 * DAY, "revoked 1970-01-02 00:00", False),
    ],
)
def test_keys(revoked: int | None, expires: int | None, says: str, good: bool) -> None:
    key = {"revoked": revoked, "expires": expires}
    assert key_state(key, DAY) == says
    assert holds(key, DAY) is good


def test_webhooks() -> None:
    webhook = {"state": "closed", "paused_why": "", "waiting": 1200, "dead": 0}
    assert webhook_state(webhook) == "delivers; 1,200 wait, 0 were given up"
    assert webhook_state(webhook | {"state": "paused", "paused_why": "gone"}).startswith(
        "paused: its receiver has answered 410;"
    )
    assert (
        delivery_words({"delivered": True, "status": 204, "ms": 12, "fault": ""})
        == "Delivered: answered 204 within 12 ms."
    )
    assert (
        delivery_words({"delivered": False, "status": 500, "ms": 1, "fault": ""}) == "Refused: answered 500."
    )
    assert (
        delivery_words({"delivered": False, "status": None, "ms": 1, "fault": "timeout"})
        == "Not delivered: timeout."
    )


def test_thresholds() -> None:
    model = {
        "thresholds": {"medium": 0.4, "high": 0.7},
        "tiers": {"high": {"precision": 0.8, "low": 0.7, "high": 0.9}, "low": {"precision": None}},
    }
    assert threshold_rows(model) == [
        ("high", "70.0 %", "80.0 % (70.0 % to 90.0 %)"), ("medium", "40.0 %", "–"), ("low", "0.0 %", "–"),
    ]  # fmt: skip
    assert threshold_rows(model | {"tiers": None})[0] == ("high", "70.0 %", "–")
    assert contact_words(None) == ""
    assert "saves 35.0 %" in contact_words({"cost": 5, "value": 200, "chance_of_saving": 0.35})
    assert names([]) == "–"
