"""What is kept of a training, so that more can be asked of it: the model, and everybody as of the end of the file.

The model lies in a registry of its own, as arrays and without the learner: nothing is unpickled to read it. The key
is no secret, since a process that reads what strangers send holds none: it keeps a version whole, and vouches for
nobody.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from advisor.training.customers import features_at_the_end
from advisor.training.figures import Contestant
from advisor.training.names import MODEL, PEOPLE, WHOLE_KEY
from advisor.training.replayed import Replayed
from domain.catalogue import CODED, INDEX, NAMES
from domain.labels import Matrix, delay_ms
from domain.packing import pack, unpack
from domain.state import States
from online_model.learners.learner import Scorer, Vector
from online_model.loading import BACKGROUND, SCORER_KIND, part_of
from online_model.refitted.frozen import Frozen
from online_model.registry.errors import DamagedError, UnknownVersionError
from online_model.registry.manifest import Manifest, Training
from online_model.registry.registry import Registry
from online_model.risk import Part
from online_model.training.past import LINEAGE
from online_model.training.population import background

_STATE: Final = "state"
_ABOUT: Final = b"ebbwatch"
_TOGETHER: Final = 4096
"""Customers that are read together to find one."""
_METRICS: Final = ("examples", "roc_auc", "pr_auc", "log_loss", "brier", "ece")


class Model(NamedTuple):
    """Who scores, and what is known of it."""

    part: Part
    """With features of some customers, which explanations compare with."""
    manifest: Manifest


class Person(NamedTuple):
    """One customer as of the end of the file."""

    user: str
    state: States
    """Shape (1,)."""
    features: Vector
    """In the order of the catalogue, shape (features,)."""
    as_of_ms: int
    names: dict[int, str]
    """Of the codes among the features of all customers."""


class _About(msgspec.Struct, frozen=True, kw_only=True):
    as_of_ms: int
    names: dict[int, str]


def keep(
    folder: Path,
    past: Replayed,
    name: str,
    scorer: Scorer,
    judged: Sequence[Contestant],
    seed: int,
) -> str:
    """Write the model into a folder.

    Args:
        name: of the contestant that scores.
        scorer: of it, as it stands at the end.

    Returns:
        The version's id.

    Raises:
        OSError: the disk is full.
    """
    training = _training(past, name, {one.name: one for one in judged}.get(name), seed)
    shutil.rmtree(folder / MODEL, ignore_errors=True)  # of a former training
    registry = _registry(folder)
    registry.prepare()
    arrays = scorer.to_arrays() | {
        SCORER_KIND: np.array(scorer.kind),
        BACKGROUND: background(past.watched.population),
    }
    return registry.publish(training, arrays, None).version


def keep_people(folder: Path, past: Replayed, users: Sequence[str], words: Mapping[int, str]) -> None:
    """Write everybody's features and state into a folder.

    Args:
        users: in the order in which they are kept; those of `features_at_the_end`.
        words: of codes (`advisor.training.words`).
    """
    known = past.watched.offline
    there, x = features_at_the_end(past)
    rows = {user: row for row, user in enumerate(there)}
    slots = {user: slot for slot, user in enumerate(known.users)}
    x = x[[rows[user] for user in users]]
    columns = {name: pa.array(x[:, at]) for at, name in enumerate(NAMES)}
    chosen = np.array([slots[user] for user in users], np.int64)
    parts = (chosen[at : at + _TOGETHER] for at in range(0, len(chosen), _TOGETHER))  # memory stays small
    stored = [packed for part in parts for packed in pack(known.states, part)]
    about = _About(as_of_ms=past.last_ms, names=_used(x, words))
    table = pa.table({"user": pa.array(users, pa.string()), **columns, _STATE: pa.array(stored, pa.binary())})
    table = table.replace_schema_metadata({_ABOUT: msgspec.json.encode(about)})
    pq.write_table(table, folder / PEOPLE, compression="zstd", row_group_size=_TOGETHER)


def model(folder: Path) -> Model:
    """What `keep` has written.

    Raises:
        RegistryError: it is not there, not whole, or of another program.
    """
    found = _registry(folder).latest_good(lineage=LINEAGE)
    if found.version is None:
        raise found.skipped[0].error if found.skipped else UnknownVersionError("no model was kept")
    return Model(part_of(found.version, 1.0), found.version.manifest)


def person(folder: Path, row: int) -> Person:
    """What `keep_people` has written of the customer in this place.

    Raises:
        DamagedError: it is of another program.
        OSError: it is not there.
    """
    with pq.ParquetFile(folder / PEOPLE) as file:
        about = msgspec.json.decode(file.schema_arrow.metadata[_ABOUT], type=_About)
        found = file.read_row_group(row // _TOGETHER, use_threads=False).slice(row % _TOGETHER, 1).to_pylist()
    (told,) = found
    try:
        state = unpack([told[_STATE]])
        x = np.array([told[name] for name in NAMES])
    except (ValueError, KeyError) as fault:
        raise DamagedError(f"customers were kept by another program: {fault}") from fault
    return Person(told["user"], state, x, about.as_of_ms, about.names)


def _registry(folder: Path) -> Registry:
    return Registry(str(folder / MODEL), WHOLE_KEY)


def _training(past: Replayed, name: str, judged: Contestant | None, seed: int) -> Training:
    learner = past.watched.trainer.training.lineup.learner(name)
    times = past.watched.examples.times
    first, last, due = int(times.min()), int(times.max()), int(times.max()) + delay_ms(past.facts)
    if isinstance(learner, Frozen):
        own = learner.training
        first, last, due = own.first_snapshot_ms, own.last_snapshot_ms, own.last_due_ms
    return Training(
        name=name,
        kind=learner.kind,
        lineage=LINEAGE,
        facts=past.facts,
        seed=seed,
        first_snapshot_ms=first,
        last_snapshot_ms=last,
        last_due_ms=due,
        examples=learner.learned,
        metrics={} if judged is None else {metric: getattr(judged.metrics, metric) for metric in _METRICS},
    )


def _used(x: Matrix, words: Mapping[int, str]) -> dict[int, str]:
    codes = x[:, [INDEX[name] for name in sorted(CODED)]]
    used = np.unique(codes[~np.isnan(codes)]).astype(np.int64).tolist()
    return {code: words[code] for code in used if code in words}
