"""The online-retail replay: 60 days of horizon and inactivity, all users, the second half of the time span."""

from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.progress import Progress

from benchmarks.model import examples as ex
from benchmarks.model.judging import Bound, auc_difference, figures
from domain.calendar import DAY_MS
from domain.labels import delay_ms
from domain.settings import FactSettings
from online_model.training.settle import CHAMPION

PEERS: Final = ("lightgbm", "xgboost", "logistic")
OURS: Final = (CHAMPION, "mean", "recursive")
"""Held against the best peer: what served, and what serves once evidence has come."""
_REFITTED: Final = "refitted "
"""Before the names of the peers: one of ours is called logistic, too."""
_DAYS: Final = 60
_EVENTS: Final = 406_829


class Setting(NamedTuple):
    """What all parts of the benchmark share."""

    data: Path
    python: Path
    folder: Path
    resamples: int
    bars: Progress


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
    said |= {"recency": ex.recency(examples.features), "last label": ex.last_label(examples, delay_ms(facts))}
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
    goals["retail, last label: AUC"] = Bound(found["last label"]["roc_auc"], high=0.65)
    return {
        "snapshots": int(rows.sum()),
        "users": len(set(users)),
        "figures": found,
        "best_peer": best,
        "auc_differences": {
            name: {"found": d.found, "low": d.low, "high": d.high, "deviation": d.deviation}
            for name, d in differences.items()
        },
        "promotions": [
            {"at_ms": d.decision.at_ms, "kind": d.decision.kind, "champion": d.decision.champion}
            for d in run.watched.decisions
        ],
    }, goals
