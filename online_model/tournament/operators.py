"""What operators may do to the seat; they may do it while it is pinned too."""

from collections.abc import Collection

from domain.calendar import DAY_MS
from online_model.tournament.decision import Command, CommandError, Decision
from online_model.tournament.reign import Reign
from online_model.tournament.seat import Cause, Seat


def obey(
    command: Command, at_ms: int, seat: Seat, reign: Reign | None, contestants: Collection[str]
) -> Decision:
    """Carry out one command.

    Args:
        at_ms: event time.
        reign: the comparisons as they stand, if they have begun.
        contestants: who is scored now.

    Raises:
        CommandError: it cannot be done; nothing has changed.
    """
    if command.kind == "pin":
        return _pin(command, at_ms, seat, reign, contestants)
    if command.kind == "unpin":
        seat.pinned, seat.version = False, None
        return seat.decided("unpin", _cause(at_ms, "evidence decides again"))
    if command.kind == "roll_back":
        if seat.predecessor is None:
            raise CommandError(
                f"{seat.champion} has no predecessor to go back to; promote a contestant instead"
            )
        return seat.roll_back(
            seat.predecessor, _cause(at_ms, f"an operator rolled back to {seat.predecessor}")
        )
    name = _known(command, seat, contestants)
    if command.kind == "promote":
        return _promote(name, at_ms, seat, reign, contestants)
    return _veto(name, at_ms, seat) if command.kind == "veto" else _lift(name, at_ms, seat)


def _pin(
    command: Command, at_ms: int, seat: Seat, reign: Reign | None, contestants: Collection[str]
) -> Decision:
    """What is named serves everybody, and stays; nothing named is what serves now, as far as it is rolled out."""
    before = seat.champion
    if command.name is not None:
        name = _known(command, seat, contestants)
        if name != before or seat.rollout is not None:
            _promote(name, at_ms, seat, reign, contestants)
    seat.pinned, seat.version = True, command.version
    stays = seat.champion if command.version is None else f"version {command.version} of {seat.champion}"
    cause = _cause(at_ms, f"{stays} stays until it is unpinned")
    return seat.decided("pin", cause, previous=None if seat.champion == before else before)


def _promote(
    name: str, at_ms: int, seat: Seat, reign: Reign | None, contestants: Collection[str]
) -> Decision:
    cause = _cause(at_ms, f"an operator promoted {name} for everybody")
    if name in seat.vetoed:
        raise CommandError(f"{name} is vetoed: lift the veto before promoting it")
    if name == seat.champion:
        if seat.rollout is None:
            raise CommandError(f"{name} is champion already and serves everybody")
        return seat.advance(seat.rollout, cause, everybody=True)
    if name not in contestants:
        raise CommandError(f"{name} is not scored any more; scored are {sorted(contestants)}")
    return seat.promote(name, cause, shift=None if reign is None else reign.mean_shift(name), everybody=True)


def _veto(name: str, at_ms: int, seat: Seat) -> Decision:
    if name == seat.champion:
        raise CommandError(f"{name} is champion: roll back or promote another contestant, then veto it")
    seat.vetoed.add(name)
    return seat.decided("veto", _cause(at_ms, f"{name} will not be promoted by itself"), other=name)


def _lift(name: str, at_ms: int, seat: Seat) -> Decision:
    if name not in seat.vetoed:
        raise CommandError(f"{name} is not vetoed; vetoed are {', '.join(sorted(seat.vetoed)) or 'none'}")
    seat.vetoed.remove(name)
    return seat.decided("lift_veto", _cause(at_ms, f"{name} may be promoted again"), other=name)


def _known(command: Command, seat: Seat, contestants: Collection[str]) -> str:
    known = sorted({*contestants, seat.champion, *seat.vetoed})
    if command.name is None or command.name not in known:
        raise CommandError(f"{command.kind} needs a contestant, {command.name!r} is none; there are {known}")
    return command.name


def _cause(at_ms: int, reason: str) -> Cause:
    return Cause(at_ms=at_ms, day=at_ms // DAY_MS, reason=reason, by="operator")
