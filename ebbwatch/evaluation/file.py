"""A file of past events, evaluated from the first row to the last outcome."""

from collections.abc import Container, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from domain.calendar import DAY_MS
from domain.columns import hash_of
from domain.labels import delay_ms
from domain.settings import FactSettings
from ebbwatch.mapping import Rows
from online_model.training.past import Past, Watched
from producers.replay.prepare import RejectFile, Survey, prepare
from producers.replay.send import send
from producers.replay.sessions import OPENING, GapSessions
from producers.replay.source import Source
from producers.replay.spool import Spool, Spooled

_WEEK_DAYS: Final = 7
_MOST_MARKS: Final = 200_000


class EvaluationError(ValueError):
    """The file can be read, but nothing can be said about it; the message says why and what to do."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be evaluated, and how."""

    path: Path
    facts: FactSettings
    contestants: tuple[str, ...]
    seed: int
    sample_users: int | None
    """Only so many users, chosen by hash; None for all."""
    mark_every_ms: int
    session_gap_ms: int | None
    """Give session ids by this gap; None leaves sessions to the file, or to the stream."""
    reject_file: Path


class Read(NamedTuple):
    """What the file held, and what came of it."""

    survey: Survey
    format: str
    first_ms: int
    """Time of the first event that counted."""
    last_ms: int
    watched: Watched

    @property
    def middle_ms(self) -> int:
        """Where the second half of the time span begins."""
        return (self.first_ms + self.last_ms) // 2


class Watch:
    """Told how far it is; this one does not listen."""

    def reading(self, fraction: float) -> None:
        """So much of the file has been read, 0 to 1."""

    def learning(self, more: int, total: int) -> None:
        """So many more events are folded and learned from, of `total`."""


def evaluate(asked: Asked, rows: Rows, watch: Watch) -> Read:
    """Everything that the stream would have done with the file.

    Raises:
        SourceError: the file cannot be read.
        UnknownContestantError: there is no such contestant.
        EvaluationError: no row can be used, or the file is too short for its second half to be judged.
        OSError: the disk is full, or the reject file cannot be written.
    """
    total = 0
    past = Past(
        asked.facts, asked.contestants, asked.seed, done=lambda more: watch.learning(more, max(total, 1))
    )
    with Source(asked.path, rows.delimiter) as source, Spool() as spool:
        with RejectFile(asked.reject_file) as rejects:
            survey = prepare(source, rows.layout, spool, rejects, watch.reading)
        _check(asked, survey, spool)
        chosen = None if asked.sample_users is None else _sample(spool, asked.sample_users)
        times = [e.time for e in spool.in_time_order() if chosen is None or e.key in chosen]
        total = len(times)
        gap = asked.session_gap_ms
        send(
            _of(spool, chosen),
            past,
            mark_every_ms=asked.mark_every_ms,
            sessions=None if gap is None else GapSessions(gap, OPENING | set(asked.facts.session_types)),
        )
        read = Read(survey, source.format, times[0], times[-1], past.finish(times[-1]))
    if not (read.watched.examples.times >= read.middle_ms).any():
        raise EvaluationError(
            f"{asked.path}: no snapshot of the second half of the time span has an outcome. {_needed(asked.facts)}"
        )
    return read


def _check(asked: Asked, survey: Survey, spool: Spool) -> None:
    if survey.usable == 0:
        why = ", ".join(f"{reason} {count:,}" for reason, count in survey.rejected.most_common())
        raise EvaluationError(
            f"no row of {asked.path} can be used ({survey.rows:,} rows; {why or 'it has none'}): "
            f"see {asked.reject_file}, and check the column mapping"
        )
    span = spool.span()
    if span < 2 * delay_ms(asked.facts):
        raise EvaluationError(
            f"{asked.path} spans {span / DAY_MS:,.1f} days, too short for any outcome of the second half. "
            f"{_needed(asked.facts)}"
        )
    if span // asked.mark_every_ms > _MOST_MARKS:
        raise EvaluationError(
            f"{asked.path} spans {span / DAY_MS:,.0f} days, more than {_MOST_MARKS:,} clock marks: "
            "choose a larger --mark-every, or mend the times that lie far off"
        )


def _needed(facts: FactSettings) -> str:
    days = 2 * -(-delay_ms(facts) // DAY_MS) + _WEEK_DAYS
    return (
        f"An outcome is known {delay_ms(facts) / DAY_MS:g} days after its snapshot (horizon and lateness), and "
        f"snapshots come weekly, so {days} days are needed: take a longer file or a shorter --horizon-days"
    )


def _sample(spool: Spool, count: int) -> frozenset[bytes]:
    keys = {event.key for event in spool.in_time_order()}
    return frozenset(sorted(keys, key=lambda key: (hash_of(key.decode()), key))[:count])


def _of(spool: Spool, chosen: Container[bytes] | None) -> Iterator[Spooled]:
    return (e for e in spool.in_time_order() if chosen is None or e.key in chosen)
