"""The online-retail replay: 60 days of horizon and inactivity, all users, the second half of the time span."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from rich.progress import Progress

from benchmarks.model import examples as ex
from benchmarks.model.judging import Bound, auc_difference, figures
from domain.calendar import DAY_MS
from domain.labels import delay_ms
from domain.settings import FactSettings
from online_model.quality.ranking import ranked, roc_auc
from online_model.training.settle import CHAMPION

Vector = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PEERS: Final = ("lightgbm", "xgboost", "logistic")
OURS: Final = (CHAMPION, "mean", "recursive")
"""Held against the best peer: what served, and what serves once evidence has come."""
_REFITTED: Final = "refitted "
"""Before the names of the peers: one of ours is called logistic, too."""
_DAYS: Final = 60
_EVENTS: Final = 406_829
_LEAK_DAYS: Final = 28
"""A leak that the guard has to show: a label that is known four weeks too early."""
_HONEST: Final = 0.65
"""A memory of the last label stays below this AUC if nothing leaks."""


class Setting(NamedTuple):
    """What all parts of the benchmark share."""

    data: Path
    python: Path
    folder: Path
    resamples: int
    bars: Progress


def remembered(lost: Bools, leaking: Mapping[str, Vector]) -> dict[str, float | None]:
    """What a memory of the last label is worth among users who have a settled one, by how early it is told.

    Whether a user has a settled label at all is honest knowledge, and worth much: who has none is new. So it is
    looked at apart (decision 0024).

    Args:
        leaking: what `examples.last_label` says, the first without a leak, shapes (n,).
    """
    settled = next(iter(leaking.values())) != ex.UNKNOWN
    found = {f"leak of {name}": roc_auc(ranked(p[settled], lost[settled])) for name, p in leaking.items()}
    has_one = roc_auc(ranked(np.where(settled, 0.25, 0.75), lost))
    return found | {"share with a settled label": float(settled.mean()), "whether there is one": has_one}


def measure(told: Setting) -> tuple[dict[str, Any], dict[str, Bound]]:
    """Figures and goals.

    Raises:
        PeersError: the peers cannot be started.
        OSError: the data is not there.
    """
    task = told.bars.add_task("retail: ours", total=_EVENTS)
    run = ex.retail(told.data, _DAYS, told.folder, lambda more: told.bars.advance(task, more))
    facts = FactSettings(horizon_ms=_DAYS * DAY_MS, inactivity_ms=_DAYS * DAY_MS)
    task = told.bars.add_task("retail: peers", total=None)
    refitted = ex.peers([run], facts, PEERS, told.python, told.folder)
    told.bars.update(task, total=1, completed=1)
    rows, examples = run.second_half, run.examples
    said = {name: p for name, p in examples.scored.predictions.items() if "@" not in name}
    said |= {f"{_REFITTED}{name}": p for name, (p,) in refitted.items()}
    delay = delay_ms(facts)
    said |= {"recency": ex.recency(examples.features), "last label": ex.last_label(examples, delay)}
    leaking = {
        f"{days} days": ex.last_label(examples, delay, days * DAY_MS)[rows]
        for days in (0, 7, 14, _LEAK_DAYS, delay // DAY_MS)
    }
    said = {name: p[rows] for name, p in said.items()}
    lost, users = examples.scored.lost[rows], [u for u, row in zip(examples.users, rows, strict=True) if row]
    found = figures(lost, said)
    best = max((f"{_REFITTED}{name}" for name in PEERS), key=lambda name: found[name]["roc_auc"] or 0.0)
    least = min(found[f"{_REFITTED}{name}"]["log_loss"] or 0.0 for name in PEERS)
    goals: dict[str, Bound] = {}
    differences = {}
    for name in OURS:
        differences[name] = auc_difference(users, lost, said[name], said[best], told.resamples, seed=1)
        mine = found[name]
        goals |= {
            f"retail, {name}: AUC less that of {best}, lower 95 % bound": Bound(
                differences[name].low, low=-0.005
            ),
            f"retail, {name}: log loss over that of the best peer": Bound(
                (mine["log_loss"] or 0.0) / least, high=1.005
            ),
            f"retail, {name}: calibration slope": Bound(mine["slope"], 0.85, 1.15),
            f"retail, {name}: observed over expected": Bound(mine["observed_over_expected"], 0.9, 1.1),
        }
    memory = remembered(lost, leaking)
    goals["retail, last label: AUC"] = Bound(found["last label"]["roc_auc"], high=_HONEST)
    goals |= {
        "retail, last label, users with a settled one: AUC": Bound(memory["leak of 0 days"], high=_HONEST),
        f"retail, the same if labels leaked {_LEAK_DAYS} days early: AUC": Bound(
            memory[f"leak of {_LEAK_DAYS} days"], low=_HONEST
        ),
    }
    return {
        "snapshots": int(rows.sum()),
        "users": len(set(users)),
        "figures": found,
        "best_peer": best,
        "last_label": memory,
        "auc_differences": {
            name: {"found": d.found, "low": d.low, "high": d.high, "deviation": d.deviation}
            for name, d in differences.items()
        },
        "promotions": [
            {"at_ms": d.decision.at_ms, "kind": d.decision.kind, "champion": d.decision.champion}
            for d in run.watched.decisions
        ],
    }, goals
