"""The projection of steps: carried out on a model of Redis, they leave one entry each, whatever is repeated."""

from random import Random
from typing import Any

from control import tables
from control.alert_effects import step_effects, taken_away
from domain.alert_life import AlertState
from domain.alerts import DAY_MS
from domain.control import Step
from tests.domain.alert_samples import NOW, step

Store = dict[str, dict[Any, Any]]


def carry_out(store: Store, commands: list[tuple[Any, ...]]) -> None:
    for name, key, *rest in commands:
        table = store.setdefault(key, {})
        match name:
            case "HSET":
                table[rest[0]] = rest[1]
            case "ZADD":
                table[rest[1]] = rest[0]
            case "ZREM" | "HDEL":
                table.pop(rest[0], None)
            case "HINCRBY":
                table[rest[0]] = table.get(rest[0], 0) + rest[1]
            case "ZREMRANGEBYSCORE":
                for member in [m for m, score in table.items() if rest[0] <= score <= rest[1]]:
                    del table[member]
            case _:
                raise AssertionError(name)


def projected(steps: list[Step]) -> tuple[Store, dict[str, AlertState]]:
    store: Store = {}
    known: dict[str, AlertState] = {}
    for number, one in enumerate(steps):
        after, commands = step_effects(one, number, known.get(one.alert))
        if after is not None:
            known[one.alert] = after
        carry_out(store, commands)
    return store, known


def life(alert: str, user: str) -> list[Step]:
    body = {
        "tier": "high",
        "risk": 0.8,
        "rank": 9.0,
        "expires": NOW + DAY_MS,
        "time": NOW,
        "reasons": ["silence"],
    }
    return [
        step("raised", alert, user, body=body),
        step("released", alert, user, body={"why": "so"}),
        step("resolved", alert, user, body={"tier": "low", "risk": 0.1, "time": NOW + 1, "reasons": []}),
    ]


def test_repeats_leave_the_same_feed_and_budget() -> None:
    random = Random(5)
    plain = [one for n in range(20) for one in life(f"{n:016x}", f"u{n}")]
    repeated: list[Step] = []
    for at, one in enumerate(plain):
        repeated.append(one)
        if random.random() < 0.4:
            repeated += plain[max(0, at - random.randrange(5)) : at + 1]
    expected, _ = projected(plain)
    found, _ = projected(repeated)
    assert len(expected[tables.FEED]) == 40
    assert len(found[tables.FEED]) == 40
    assert list(found[tables.SPENT].items()) == [(NOW // DAY_MS, 20)]
    assert found[tables.WAITING] == {} == found[tables.LAPSING]
    assert set(found[tables.CHANGES]) == {f"u{n}" for n in range(20)}


def test_the_places_of_an_alert_follow_its_state() -> None:
    raised, released, resolved = life("a" * 16, "ann")
    store, _ = projected([raised])
    assert (store[tables.WAITING], store[tables.LAPSING]) == ({"a" * 16: 9.0}, {"a" * 16: NOW + DAY_MS})
    store, _ = projected([raised, released, step("snoozed", until=NOW + 9, id="x")])
    assert (store[tables.WAITING], store[tables.LAPSING], store[tables.SNOOZED]) == (
        {},
        {},
        {"a" * 16: NOW + 9},
    )
    store, _ = projected([raised, released, step("snoozed", until=NOW + 9, id="x"), resolved])
    assert store[tables.SNOOZED] == {}


def test_an_erased_alert_leaves_nothing() -> None:
    store, known = projected(life("a" * 16, "ann"))
    carry_out(store, taken_away(known["a" * 16]))
    del store[tables.SPENT]  # a number of alerts, of nobody
    assert not any(store.values())


def test_the_holdout_is_no_change_that_a_crm_hears_of() -> None:
    raised, *_ = life("a" * 16, "ann")
    body = raised.body | {"holdout": True}
    store, _ = projected([step("raised", body=body), step("resolved", body=raised.body)])
    assert tables.CHANGES not in store
