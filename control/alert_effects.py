"""What a step in the life of an alert changes in Redis: pure, as commands, from what was known of the alert."""

import msgspec

from control import tables
from control.effects import Command
from domain.alert_life import AlertState, entry, stepped
from domain.alerts import DAY_MS
from domain.changes import change
from domain.control import Step
from domain.triage import rank_of


def step_effects(
    step: Step, number: int, before: AlertState | None
) -> tuple[AlertState | None, list[Command]]:
    """The alert after a step, and the commands that make it so.

    Args:
        number: offset of the step in the topic.
        before: the alert as all earlier steps have left it.
    """
    after = stepped(before, step)
    if after is None or after is before:
        return after, []
    told = entry(before, after, step, number)
    commands: list[Command] = []
    if told is not None:
        after = msgspec.structs.replace(after, numbers=(*after.numbers, number))
        commands.append(("ZADD", tables.FEED, number, msgspec.json.encode(told)))
    commands.append(("HSET", tables.ALERTS, after.id, msgspec.json.encode(after)))
    commands += _indexes(before, after)
    if step.what == "released" and step.user:
        commands.append(("HINCRBY", tables.SPENT, step.at // DAY_MS, 1))
    if before is None:
        commands.append(("HSET", tables.of_user(step.user), f"alert/{after.id}", b""))
    changed = change(after.raised, step, number)
    if changed is not None:
        commands.append(("ZADD", tables.CHANGES, number, step.user))
        commands.append(("HSET", tables.CHANGED, step.user, msgspec.json.encode(changed)))
    return after, commands


def taken_away(before: AlertState) -> list[Command]:
    """Commands that forget an alert, and all that was said of it: its user is erased."""
    commands: list[Command] = [("HDEL", tables.ALERTS, before.id)]
    commands += [("ZREM", key, before.id) for key in (tables.WAITING, tables.LAPSING, tables.SNOOZED)]
    commands += [("ZREMRANGEBYSCORE", tables.FEED, number, number) for number in before.numbers]
    commands.append(("HDEL", tables.of_user(before.user), f"alert/{before.id}"))
    commands += [("ZREM", tables.CHANGES, before.user), ("HDEL", tables.CHANGED, before.user)]
    return commands


def _indexes(before: AlertState | None, after: AlertState) -> list[Command]:
    """The sorted sets by which the notifier finds what is due."""
    wanted = _places(after)
    stands = {} if before is None else _places(before)
    commands: list[Command] = [("ZREM", key, after.id) for key in stands if key not in wanted]
    commands += [("ZADD", key, score, after.id) for key, score in wanted.items() if stands.get(key) != score]
    return commands


def _places(state: AlertState) -> dict[str, float]:
    places: dict[str, float] = {}
    if state.state == "waiting":
        places[tables.WAITING] = rank_of(state)
    if state.lapses and state.expires:
        places[tables.LAPSING] = state.expires
    if state.state == "snoozed":
        places[tables.SNOOZED] = state.until
    return places
