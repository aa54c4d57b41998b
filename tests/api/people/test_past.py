"""Open alerts of a user, as the projection keeps them."""

import msgspec

from api.people.past import open_alerts


def test_only_alerts_that_are_not_done_with_are_shown() -> None:
    def stored(id_: str, state: str, as_of: int) -> bytes:
        view = {"tier": "high", "why": "because", "as_of": as_of}
        return msgspec.json.encode({"id": id_, "state": state, "view": view, "owner": "ann", "steps": []})

    states = ["open", "resolved", "snoozed", "waiting", "acknowledged", "dismissed"]
    found = open_alerts([stored(f"a{number}", state, number) for number, state in enumerate(states)])
    assert [(alert.id, alert.state) for alert in found] == [
        ("a4", "acknowledged"),
        ("a2", "snoozed"),
        ("a0", "open"),
    ]
    assert (found[0].why, found[0].owner, found[0].tier) == ("because", "ann", "high")
