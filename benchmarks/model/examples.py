"""Examples with the predictions of all our contestants, and what the peers say about the same ones."""

import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.calendar import DAY_MS
from domain.catalogue import CATALOGUE, INDEX
from domain.labels import Matrix, delay_ms
from domain.settings import FactSettings
from online_model.training.contestants import DEFAULT
from online_model.training.past import Examples, Past, Watched
from producers.replay.layouts import LAYOUTS
from producers.replay.prepare import RejectFile, prepare
from producers.replay.send import send
from producers.replay.source import Source
from producers.replay.spool import Spool
from producers.replay.times import Times
from producers.simulator.sending import send_all
from producers.simulator.simulation import Simulation

Vector = npt.NDArray[np.float64]

_HERE: Final = Path(__file__).parent
_HOUR_MS: Final = 3_600_000
_MARKS_MS: Final = 6 * _HOUR_MS
"""Marks only let snapshots leave; examples do not depend on how often they come."""
_SILENCE: Final = INDEX["days_since_last_session"]


class PeersError(RuntimeError):
    """The peers' environment is missing, or they failed."""


class Run(NamedTuple):
    """One stream of events."""

    watched: Watched
    first_ms: int
    last_ms: int

    @property
    def examples(self) -> Examples:
        """With predictions."""
        return self.watched.examples

    @property
    def second_half(self) -> npt.NDArray[np.bool_]:
        """Of the time span, by snapshot, shape (n,)."""
        return np.asarray(self.examples.times >= (self.first_ms + self.last_ms) // 2)


def retail(file: Path, days: int, folder: Path, done: Callable[[int], None]) -> Run:
    """The online-retail replay with `days` of horizon and inactivity, all users."""
    facts = FactSettings(horizon_ms=days * DAY_MS, inactivity_ms=days * DAY_MS)
    past = Past(facts, DEFAULT, 0, keep_features=True, done=done)
    with Source(file) as source, Spool() as spool:
        with RejectFile(folder / "rejects.jsonl") as rejects:
            survey = prepare(source, LAYOUTS["online-retail"](Times(UTC, None)), spool, rejects)
        send(spool.in_time_order(), past, mark_every_ms=_HOUR_MS)
        assert survey.first is not None
        assert survey.last is not None
        return Run(past.finish(survey.last), survey.first, survey.last)


def simulated(users: int, days: int, seed: int, done: Callable[[int], None]) -> Run:
    """Simulated users with 30 days of horizon and inactivity."""
    past = Past(FactSettings(), DEFAULT, seed, keep_features=True, done=done)
    simulation = Simulation(users, days, seed)
    send_all(simulation, past, mark_every_ms=_MARKS_MS)
    return Run(past.finish(simulation.end_ms), simulation.start_ms, simulation.end_ms)


def recency(x: Matrix) -> Vector:
    """Silence alone, as a risk."""
    days = np.nan_to_num(x[:, _SILENCE])
    return np.asarray(days / (days + 30.0))


UNKNOWN: Final = 0.5
"""What `last_label` says of a user without a settled label."""


def last_label(examples: Examples, delay: int, leak: int = 0) -> Vector:
    """A contestant that remembers each user's last label; asked, as all are, at the snapshot.

    Args:
        delay: from a snapshot to the moment at which its label is known, ms.
        leak: by how much earlier it is told the labels than it may be, ms: to see what a leak would look like.
    """
    said = np.full(len(examples.times), UNKNOWN)
    by_user: dict[str, list[tuple[int, bool]]] = {}
    for row in np.argsort(examples.times, kind="stable"):
        time = int(examples.times[row])
        earlier = by_user.setdefault(examples.users[row], [])
        # labels of the hours before the snapshot's are known
        known = [lost for at, lost in earlier if (at + delay - leak) // _HOUR_MS < time // _HOUR_MS]
        if known:
            said[row] = 0.75 if known[-1] else 0.25
        earlier.append((time, bool(examples.scored.lost[row])))
    return said


def peers(
    runs: Sequence[Run], facts: FactSettings, names: Sequence[str], python: Path, folder: Path
) -> dict[str, list[Vector]]:
    """What peers say about the examples of each run; ``name+`` learns from all runs together.

    Raises:
        PeersError: they cannot be started, or fail.
    """
    if not python.exists():
        raise PeersError(
            f"the peers' environment is missing ({python}): run `make bench-model`, which makes it"
        )
    given, out = folder / "examples.npz", folder / "peers.npz"
    together: dict[str, Any] = {
        "x": np.concatenate([run.examples.features for run in runs]),
        "times": np.concatenate([run.examples.times for run in runs]),
        "lost": np.concatenate([run.examples.scored.lost for run in runs]),
        "group": np.repeat(np.arange(len(runs)), [len(run.examples.times) for run in runs]),
        "codes": np.array([f.kind == "category" for f in CATALOGUE]),
        "skewed": np.array([f.kind in ("count", "amount", "duration") for f in CATALOGUE]),
    }
    np.savez(given, **together, due=together["times"] + delay_ms(facts))
    command = [str(python), str(_HERE / "peers.py"), str(_HERE / "settings.toml"), str(given), str(out)]
    done = subprocess.run([*command, ",".join(names)], check=False)
    if done.returncode:
        raise PeersError(
            f"the peers ended with code {done.returncode}, what they said stands above; `make bench-model` runs in "
            "the environment that has them"
        )
    ends = np.cumsum([len(run.examples.times) for run in runs])[:-1]
    with np.load(out) as found:
        return {name: np.split(found[name], ends) for name in names}
