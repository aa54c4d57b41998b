"""The daily survey of a store: an alarming churn rate is told once, and the top tenth by value is known."""

from collections.abc import Callable
from typing import Any

from control.feed import entries_after
from domain.columns import code_of
from domain.partitioner import partition_of
from domain.settings import FactSettings
from domain.triage import in_holdout
from feature_store.position import Position
from feature_store.served import UNRANKED, trailers, values
from feature_store.stream import Stream, go_live, load_or_begin
from tests.domain.histories import DAY, HOUR, PARTITION, PARTITIONS, Log, event, mark
from tests.domain.test_fold import Cut, Kept, read
from tests.integration.feed import prepare
from tests.integration.place import Place, eventually
from tests.integration.services import raised, send

START = 20_000
END = START + 60
USERS = 240


def a_store_of_leavers() -> Kept:
    """Of 240 users who were active, three quarters have not come for 40 days; one in five spends."""
    users = [u for u in (f"u{n}" for n in range(1000)) if partition_of(u.encode(), PARTITIONS) == PARTITION][
        :USERS
    ]
    records = []
    for day in range(START, END + 1):
        for number, user in enumerate(users):
            if day < START + 20 or (number % 4 == 0 and day < END):
                kind = "purchase" if number % 5 == 0 else "page_view"
                amount = {"amount": 1.0 + number} if number % 5 == 0 else {}
                at = day * DAY + 12 * HOUR
                records.append(event(user, at, kind, f"{user}-{day}", plan="gold", **amount))
        records.append(mark(day * DAY))
    return read(Log(records, FactSettings()), Cut([], 500, 100_000))


def fill(place: Place, stream: Stream, kept: Kept) -> None:
    keys = stream.keys(PARTITION)
    position = Position(
        topic_id="t", offset=1, clock=END * DAY, visited=0, settings="s", upto=0, quiet=0, state=2
    )
    none = trailers([None] * len(kept.records))
    none["rank"] = UNRANKED
    stored = values(list(kept.records.values()), none)
    with place.store as store:
        store.set(keys.position, position.encode())
        store.hset(keys.users, mapping=dict(zip(kept.records, stored, strict=True)))


def test_an_alarming_rate_is_told_once_and_urgent_alerts_are_known(make_place: Callable[..., Place]) -> None:
    place = make_place(partitions=PARTITIONS, alert_budget_least=1_000_000_000)
    prepare(place)
    with place.store as store:
        stream = load_or_begin(store, place.topic, PARTITIONS)
        fill(place, stream, a_store_of_leavers())
        go_live(store, stream)

        def told(event: str) -> list[dict[str, Any]]:
            return [e.body for e in entries_after(store, -1, 1000) if e.event == event]

        with place.notifier() as notifier:
            eventually("both segments are told", lambda: len(told("churn_rate.raised")) >= 2)
            rates = {(b["dimension"], b["segment"]): b for b in told("churn_rate.raised")}
            assert set(rates) == {("all", ""), ("plan", f"#{code_of('gold')}")}  # names are not in this store
            found = rates["all", ""]
            assert (found["users"], found["state"]) == (USERS, "open")
            assert abs(found["rate"] - 0.75) < 0.01
            assert found["why"] == "Surely more than half of all users who were active have left."
            child = notifier.child()
            assert child is not None
            child.kill()
            users = [u for u in (f"v{n}" for n in range(50)) if not in_holdout(u, 0.1)]
            rich = raised(1, user=users[0], expected_spend=10_000.0)
            poor = raised(2, user=users[1], expected_spend=0.5)
            send(place, [rich, poor])
            eventually("both are handed out", lambda: len(told("alert.raised")) == 2)
            assert {b["user"]: b["urgent"] for b in told("alert.raised")} == {users[0]: True, users[1]: False}
            assert len(told("churn_rate.raised")) == 2
            assert notifier.stop() == 0
