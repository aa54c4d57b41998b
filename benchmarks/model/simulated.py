"""The simulator: how far from recency to what ten times the examples give, and back after a change."""

from typing import Any, Final

import numpy as np

from benchmarks.model import examples as ex
from benchmarks.model.judging import Bound, Vector, examples_until_back, figures
from benchmarks.model.retail import OURS, Setting
from domain.settings import FactSettings
from online_model.quality.metrics import log_losses
from online_model.quality.ranking import ranked, roc_auc
from online_model.training.settle import CHAMPION
from producers.simulator.scenario import Scenario

_TOGETHER: Final = "lightgbm+"
"""Learns from the matured labels of all seeds, ten times those of one."""
_ALONE: Final = "lightgbm"
_DAY_MS: Final = 86_400_000
_BEFORE_DAYS: Final = 42
_WINDOW_SHARE: Final = 0.1
_CLIP: Final = 0.01


def measure(told: Setting, seeds: int, users: int, days: int) -> tuple[dict[str, Any], dict[str, Bound]]:
    """Figures and goals; every seed is a simulation of its own.

    Raises:
        PeersError: the peers cannot be started.
    """
    task = told.bars.add_task("simulator: ours", total=seeds)
    runs = []
    for seed in range(1, seeds + 1):
        runs.append(ex.simulated(users, days, seed, lambda _: None))
        told.bars.advance(task)
    task = told.bars.add_task("simulator: peers", total=None)
    refitted = ex.peers(runs, FactSettings(), (_ALONE, _TOGETHER), told.python, told.folder)
    told.bars.update(task, total=1, completed=1)
    said = [_said(run, {name: parts[i] for name, parts in refitted.items()}) for i, run in enumerate(runs)]
    ranking, goals = _ranking(runs, said)
    change, more = _change(runs, said, days)
    examples = [len(run.examples.times) for run in runs]
    return {
        "seeds": seeds, "users": users, "days": days, "examples": examples, **ranking, "sudden_change": change,
    }, goals | more  # fmt: skip


def _said(run: ex.Run, refitted: dict[str, Vector]) -> dict[str, Vector]:
    ours = {name: p for name, p in run.examples.scored.predictions.items() if "@" not in name}
    return ours | refitted | {"recency": ex.recency(run.examples.features)}


def _ranking(runs: list[ex.Run], said: list[dict[str, Vector]]) -> tuple[dict[str, Any], dict[str, Bound]]:
    """Second halves: the AUC of each seed, and its mean."""
    aucs: dict[str, list[float]] = {name: [] for name in said[0]}
    for run, predictions in zip(runs, said, strict=True):
        rows = run.second_half
        for name, p in predictions.items():
            aucs[name].append(roc_auc(ranked(p[rows], run.examples.scored.lost[rows])) or np.nan)
    lost = np.concatenate([run.examples.scored.lost[run.second_half] for run in runs])
    pooled = {
        name: np.concatenate([p[name][run.second_half] for run, p in zip(runs, said, strict=True)])
        for name in aucs
    }
    mean = {name: float(np.mean(values)) for name, values in aucs.items()}
    whole = mean[_TOGETHER] - mean["recency"]
    goals = {}
    for name in OURS:
        share = (mean[name] - mean["recency"]) / whole if whole > 0 else np.nan
        better = sum(o > r for o, r in zip(aucs[name], aucs["recency"], strict=True))
        goals[f"simulator, {name}: share of the way from recency to ten times the examples"] = Bound(
            share, low=0.9
        )
        goals[f"simulator, {name}: seeds better than recency"] = Bound(better, low=len(runs))
    return {"figures": figures(lost, pooled), "auc_mean": mean, "auc_by_seed": aucs}, goals


def _change(
    runs: list[ex.Run], said: list[dict[str, Vector]], days: int
) -> tuple[dict[str, Any], dict[str, Bound]]:
    """All seeds side by side, in order of the snapshots' times; examples are counted over all of them."""
    times = np.concatenate([run.examples.times for run in runs])
    lost = np.concatenate([run.examples.scored.lost for run in runs])
    order = np.argsort(times, kind="stable")
    times = times[order]
    change = runs[0].first_ms + int(Scenario().change_at * days) * _DAY_MS
    before = (times >= change - _BEFORE_DAYS * _DAY_MS) & (times < change - 31 * _DAY_MS)
    window = max(int(_WINDOW_SHARE * (times >= change).sum()), 1)
    found: dict[str, Any] = {"window": window, "change_day": int(Scenario().change_at * days)}
    back: dict[str, int | None] = {}
    for name in (*OURS, _ALONE):
        losses = log_losses(lost, np.concatenate([p[name] for p in said]), _CLIP)[order]
        former = float(losses[before].mean())
        back[name], worst = examples_until_back(times, losses, change, former, window)
        found[name] = {
            "former_log_loss": former,
            "worst_log_loss": worst,
            "examples_until_back": back[name],
        }
    theirs = back[_ALONE]
    limit = float(theirs) if theirs is not None else float(len(times))
    goals = {
        f"simulator, {name}: examples until back after the change (the booster's are the limit)": Bound(
            back[name], high=limit
        )
        for name in (CHAMPION, "recursive")
    }
    return found, goals
