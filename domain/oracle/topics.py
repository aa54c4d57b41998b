"""Blocks of the topics `snapshots` and `outcomes`, held against what the log says."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np

from domain.catalogue import NAMES
from domain.labels import Outcomes, Snapshots, delay_ms
from domain.oracle.examples import Answers, Settled, Snapshot
from domain.settings import FactSettings

_MINUTE_MS: Final = 60_000


def items_of(block: Snapshots | Outcomes, settings: FactSettings) -> Sequence[Snapshot] | Sequence[Settled]:
    """The items of a block as the oracle writes them."""
    users = [user.encode() for user in block.users]
    if isinstance(block, Snapshots):
        rows = [row.tobytes() for row in np.ascontiguousarray(block.features, "<f8")]
        columns: list[list[Any]] = [c.tolist() for c in (block.times, block.treated, block.holdout)]
        return [
            Snapshot(time, user, row, treated, holdout)
            for user, row, time, treated, holdout in zip(users, rows, *columns, strict=True)
        ]
    answers = np.column_stack([block.returned, block.cancelled, block.treated]).tolist()
    columns = [c.tolist() for c in (block.times, block.lost, block.causes)]
    return [
        Settled(time + delay_ms(settings), user, time, lost, cause, Answers(*answer))
        for user, answer, time, lost, cause in zip(users, answers, *columns, strict=True)
    ]


def _nothing(_item: Snapshot | Settled) -> bool:
    return False


def compare(
    blocks: Iterable[Snapshots | Outcomes],
    expected: Sequence[Snapshot] | Sequence[Settled],
    upto: int,
    settings: FactSettings,
    passed: Callable[[Snapshot | Settled], bool] = _nothing,
) -> list[str]:
    """What is wrong with the blocks of one partition, lineage and topic, in words.

    They are read as every reader has to: what is not later in the order than the last item is a repeat, and dropped.

    Args:
        blocks: in the topic's order, all from the log's beginning on.
        expected: what has left, in order.
        upto: ms; what has a later key time was sent ahead of the write that a crash prevented, and is not compared.
        passed: says of what differs that it is let pass, since the log can't tell it any more.
    """
    wanted = {item[:2]: item for item in expected}
    seen: set[tuple[int, bytes]] = set()
    last = (0, b"")
    complete = 0
    wrong = []
    for block in blocks:
        for item in items_of(block, settings):
            key = item[:2]
            if item[0] > upto:
                continue
            name = _name(item)
            if key <= last and key not in seen:
                wrong.append(f"{name} came after a later one")
            elif key > last and item[0] <= complete:
                wrong.append(f"{name} came after a block that was complete up to {complete}")
            if wanted.get(key) != item and passed(item):
                pass
            elif key not in wanted:
                wrong.append(f"{name} is in the topic, but the log says none")
            elif wanted[key] != item:
                wrong.append(f"{name}: {_difference(wanted[key], item)}")
            seen.add(key)
            last = max(last, key)
        complete = max(complete, block.upto)
    missing = [item for key, item in wanted.items() if key not in seen and not passed(item)]
    wrong += [f"{_name(item)} is not in the topic" for item in missing]
    if complete // _MINUTE_MS < upto // _MINUTE_MS:
        wrong.append(f"the topic says that it is complete up to {complete}, not {upto}")
    return wrong


def _name(item: Snapshot | Settled) -> str:
    kind = "snapshot" if isinstance(item, Snapshot) else "outcome"
    return f"{kind} of user {item.user.decode()!r} at {item.time}"


def _difference(expected: Snapshot | Settled, found: Snapshot | Settled) -> str:
    """In words; features by name."""
    said, has = expected._asdict(), found._asdict()
    for values in (said, has):
        if "features" in values:
            row = np.frombuffer(values.pop("features")).tolist()
            values |= {name: value.hex() for name, value in zip(NAMES, row, strict=True)}
    names = [name for name in said if said[name] != has[name]]
    return "; ".join(f"{name}: the log says {said[name]}, the topic has {has[name]}" for name in names)
