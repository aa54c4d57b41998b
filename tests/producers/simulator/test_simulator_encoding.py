"""Every column of an event ends up in the field that it stands for."""

from typing import Any

import msgspec
import numpy as np

from domain.events import Event
from producers.simulator import vocabulary as words
from producers.simulator.encoding import encode
from producers.simulator.records import EVENT, TRAITS


def blank() -> Any:
    events = np.zeros(1, dtype=EVENT)
    events["cents"] = events["discount"] = -1
    return events


def decoded(events: Any) -> Event:
    traits = np.zeros(3, dtype=TRAITS)
    traits["channel"], traits["geography"] = words.PARTNER, words.GEOGRAPHIES.index("JP")
    keys, values = encode(events, traits)
    event = msgspec.json.decode(values[0], type=Event)
    assert keys == [event.user_id.encode()]
    return event


def test_an_event_with_everything() -> None:
    events = blank()
    for name, value in {
        "time": 1_750_000_000_123, "user": 2, "number": 77, "session": 9, "order": 4, "cents": 1_205, "discount": 95,
        "product": 31, "duration": 600, "quantity": 3, "type": words.PURCHASE, "session_type": words.SUPPORT,
        "platform": words.IOS, "plan": words.TEAM, "subject": 1 + words.FEATURES.index("export"),
        "note": words.CONVERTED, "origin": 1,
    }.items():  # fmt: skip
        events[name] = value
    assert decoded(events) == Event(
        event_id="e77", user_id="u0000002", type="purchase", time=1_750_000_000_123, session_id="s9",
        session_type="support", platform="ios", plan="team", channel="partner", geography="JP", feature="export",
        category="organise", product="p31", order_id="o4", quantity=3, amount=12.05, discount=0.95, duration=600,
        conversion=True,
    )  # fmt: skip


def test_an_event_with_nothing() -> None:
    events = blank()
    events["time"], events["number"], events["type"] = 1_750_000_000_123, 1, words.RENEWAL
    assert decoded(events) == Event(event_id="e1", user_id="u0000000", type="renewal", time=1_750_000_000_123)


def test_subjects_and_notes_say_what_their_codes_mean() -> None:
    events = blank()
    events["time"] = 1_750_000_000_123
    events["subject"] = words.FIRST_TOPIC + words.TOPICS.index("bug")
    events["note"] = words.HOLDOUT_ASSIGNED
    event = decoded(events)
    assert (event.feature, event.category) == (None, "bug")
    assert (event.experiment, event.variant) == (words.OFFER, "holdout")
    found = []
    for note in range(len(words.NOTES)):
        events["note"] = note
        event = decoded(events)
        found.append((event.conversion, event.change, event.experiment, event.variant))
    assert found[words.PLAIN] == (None, None, None, None)
    assert found[words.UPGRADED][1] == "upgrade"
    assert found[words.DOWNGRADED][1] == "downgrade"
    assert found[words.TREATMENT_ASSIGNED][2:] == (words.EXPERIMENT, "checklist")
    assert found[words.OFFER_MADE][2:] == (words.OFFER, None)
    assert len(set(found)) == len(words.NOTES)
