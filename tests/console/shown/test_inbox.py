"""Alerts as the inbox shows them."""

from console.shown.inbox import history, shown, snoozed_until, steps

ENTRY = {
    "number": 41, "event": "alert.raised", "alert": "6e96616631234957", "user": "u1", "at": 86_400_000,
    "body": {
        "tier": "high", "state": "open", "owner": "", "why": "The risk has risen.", "risk": 0.95, "gain": -18.96,
        "money_at_risk": 38.13, "urgent": True, "action": "Call.",
    },
}  # fmt: skip


def test_a_card_says_when_how_much_and_what_to_do() -> None:
    card = shown(ENTRY)
    assert (card.user, card.tier, card.state, card.why, card.action) == (
        "u1", "high", "open", "The risk has risen.", "Call.",
    )  # fmt: skip
    assert card.facts == (
        "raised 1970-01-02 00:00 · risk 95.0 % · 38.13 at risk · a contact is expected to bring −18.96 · urgent"
    )


def test_an_alert_about_a_segment_lacks_most_of_it() -> None:
    card = shown({"alert": "a", "user": "", "at": 86_400_000, "body": {"why": "Churn rises."}})
    assert (card.user, card.tier, card.facts, card.action) == ("", "", "raised 1970-01-02 00:00", "")


def test_what_can_be_done_depends_on_the_state() -> None:
    names = {
        state: [step.name for step in steps(state)]
        for state in ("open", "acknowledged", "snoozed", "resolved")
    }
    assert names["open"] == ["acknowledge", "snooze", "assign", "resolve", "dismiss"]
    assert names["acknowledged"] == names["snoozed"] == ["snooze", "assign", "resolve", "dismiss"]
    assert names["resolved"] == []


def test_snoozes_and_history() -> None:
    assert snoozed_until(1000, 7) == {"until": 1000 + 7 * 86_400_000}
    step = {
        "what": "snoozed",
        "at": 86_400_000,
        "by": "crm",
        "reason": "",
        "owner": "",
        "until": 2 * 86_400_000,
    }
    assert history([step, step | {"what": "dismissed", "reason": "wrong"}]) == [
        ("1970-01-02 00:00", "snoozed", "crm", "1970-01-03 00:00"),
        ("1970-01-02 00:00", "dismissed", "crm", "wrong"),
    ]
