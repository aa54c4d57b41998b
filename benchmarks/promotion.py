"""``python -m benchmarks.promotion``: how often evidence promotes a challenger that is no better, or one that is.

Simulated users open sessions at a rate of their own that wanders from week to week; every week a snapshot, lost if no
session begins in the 30 days after it, so neighbouring outcomes share most of their days. Two models see the true
log-odds through errors that both make and errors of their own (half of each for good per user, half new every week).
Population and common error are such that the better model has AUC 0.75 and log loss 0.58, as on the retailer's data.
The duel is the tournament's own, on its chosen snapshots, with its default rules.
"""

import datetime as dt
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import psutil
import typer
from rich.console import Console
from rich.progress import Progress
from scipy.special import expit, logit

from benchmarks.findings import Goal, goals_json, goals_table, table, write
from domain.calendar import DAY_MS, WEEK_MS
from online_model.quality.intervals import wilson
from online_model.quality.metrics import log_losses
from online_model.quality.ranking import ranked, roc_auc
from online_model.quality.scored import Scored
from online_model.tournament.chosen import chosen
from online_model.tournament.reign import Reign
from online_model.tournament.rules import Rules

Vector = npt.NDArray[np.float64]

_HORIZON_MS: Final = 30 * DAY_MS
_AHEAD: Final = 5
"""Weeks that a horizon of 30 days touches."""
_COMMON: Final = 0.6
_WORSE: Final = 1.02
_OWN: Final = (0.1, 0.2, 0.3)
_POWER_EXAMPLES: Final = 20_000
_CHAMPION: Final = "champion"


class Scenario(NamedTuple):
    """One kind of stream."""

    users: int
    weeks: int
    own: float
    """Standard deviation, in log-odds, of a challenger's own error."""
    champion_own: float
    challengers: int = 1
    shock: float = 0.0
    """Standard deviation of a factor on all rates that no model knows, in logarithms; its memory is a month."""
    bias: float = 0.0
    """The champion's log-odds are too high by this, the challenger's too low: a shock favours one for weeks."""


class Found(msgspec.Struct, frozen=True):
    """What became of the streams of one scenario."""

    promoted: float
    """Share of streams with a promotion."""
    low: float
    high: float
    """95 % interval of it (Wilson)."""
    examples: float | None
    """Median of settled examples until then, chosen or not."""
    log_loss: float
    """Mean of the challengers'."""
    auc: float
    distance: float
    """Standard deviation of the difference of the two log-odds."""


def stream(rng: np.random.Generator, s: Scenario) -> Scored:
    """All examples in the order of their due day."""
    base = rng.normal(-3.55, 0.75, s.users)
    weeks = s.weeks + _AHEAD
    rates = np.exp(base[:, None] + _wandering(rng, s.users, weeks, 0.4, 0.9))
    shocks = np.exp(_wandering(rng, 1, weeks, s.shock, 0.8))
    first = rng.exponential(1.0, (s.users, weeks)) / (rates * shocks)
    """Days from a week's beginning to the first session in it; 7 or more: none."""
    span = range(s.weeks)
    lost = np.stack([(first[:, w : w + 4] > 7).all(axis=1) & (first[:, w + 4] > 2) for w in span], axis=1)
    hazard = np.stack([7 * rates[:, w : w + 4].sum(axis=1) + 2 * rates[:, w + 4] for w in span], axis=1)
    truth = logit(np.clip(np.exp(-hazard), 1e-9, 1 - 1e-9)) + _error(rng, s, _COMMON)
    predicted = {_CHAMPION: expit(truth + _error(rng, s, s.champion_own) + s.bias)}
    for number in range(s.challengers):
        predicted[f"challenger {number}"] = expit(truth + _error(rng, s, s.own) - s.bias)
    hashes = rng.integers(1, 2**63, s.users).astype(np.uint64)
    offsets = (hashes % np.uint64(WEEK_MS)).astype(np.int64)
    times = np.arange(s.weeks)[None, :] * WEEK_MS + offsets[:, None]
    order = np.argsort(times.ravel(), kind="stable")
    zeros = np.zeros(len(order), np.int64)
    return Scored(
        due_day=((times + _HORIZON_MS) // DAY_MS).ravel()[order],
        lost=lost.ravel()[order],
        weights=np.ones(len(order)),
        chosen=chosen(np.repeat(hashes, s.weeks), times.ravel(), _HORIZON_MS)[order],
        predictions={name: p.ravel()[order] for name, p in predicted.items()},
        silence_days=zeros.astype(np.float64),
        tenure_days=zeros.astype(np.float64),
        plan=zeros,
        month=zeros,
        treated=zeros.astype(np.bool_),
        holdout=zeros.astype(np.bool_),
    )


def promoted_after(scored: Scored, rules: Rules) -> int | None:
    """Settled examples until the first promotion; None if there is none."""
    names = set(scored.predictions)
    reign = Reign(rules, _CHAMPION, None)
    reign.enter(names)
    mature = dict.fromkeys(names, -rules.delay_days - 1)
    days, starts = np.unique(scored.due_day, return_index=True)
    for day, start, end in zip(days.tolist(), starts, [*starts[1:], scored.examples], strict=True):
        rows = np.arange(start, end)
        reign.add_day(day, scored.take(rows[scored.chosen[rows]]), mature)
        if reign.proven(()):
            return int(end)
    return None


def worse_own_error(own: float, ratio: float) -> float:
    """Own error of a champion whose expected log loss is so many times that of a model with error `own`."""
    users = Scenario(users=20_000, weeks=2, own=own, champion_own=0.0)
    lower, upper = own, 3.0
    while upper - lower > 1e-3:
        middle = (lower + upper) / 2
        scored = stream(np.random.default_rng(1), users._replace(champion_own=middle))
        champion, challenger = (log_losses(scored.lost, p).mean() for p in scored.predictions.values())
        lower, upper = (middle, upper) if champion < ratio * challenger else (lower, middle)
    return (lower + upper) / 2


def _wandering(rng: np.random.Generator, users: int, weeks: int, deviation: float, memory: float) -> Vector:
    """A first-order autoregression with constant variance, shape (users, weeks)."""
    steps = rng.normal(0.0, deviation, (users, weeks))
    for week in range(1, weeks):
        steps[:, week] = memory * steps[:, week - 1] + np.sqrt(1 - memory**2) * steps[:, week]
    return steps


def _error(rng: np.random.Generator, s: Scenario, deviation: float) -> Vector:
    lasting, passing = rng.normal(size=(s.users, 1)), rng.normal(size=(s.users, s.weeks))
    return np.asarray(deviation * np.sqrt(0.5) * (lasting + passing))


def scenarios() -> dict[str, Scenario]:
    """Equal models twice as long as the power is measured, so that there is more time for a mistake."""
    found: dict[str, Scenario] = {}
    for own in _OWN:
        found[f"equal, own error {own}"] = Scenario(1_000, 40, own, own)
    found["equal, five challengers"] = Scenario(1_000, 20, 0.2, 0.2, challengers=5)
    found["equal, shocks to all users"] = Scenario(1_000, 40, 0.2, 0.2, shock=0.3)
    found["not covered: shocks favour one for weeks"] = Scenario(1_000, 40, 0.2, 0.2, shock=0.3, bias=0.1)
    for users in (500, 1_000, 2_000):
        for own in _OWN if users == 1_000 else (0.2,):
            weeks = _POWER_EXAMPLES // users
            worse = worse_own_error(own, _WORSE)
            found[f"2 % better, own error {own}, {users:,} users"] = Scenario(users, weeks, own, worse)
    return found


def run(scenario: Scenario, streams: int, seed: int, rules: Rules) -> Found:
    """Play all streams of a scenario."""
    ends: list[int] = []
    losses, aucs, distances = [], [], []
    for number in range(streams):
        scored = stream(np.random.default_rng([seed, number]), scenario)
        end = promoted_after(scored, rules)
        ends += [] if end is None else [end]
        champion, challenger = list(scored.predictions.values())[:2]
        losses.append(float(log_losses(scored.lost, challenger).mean()))
        aucs.append(roc_auc(ranked(challenger, scored.lost)) or 0.0)
        distances.append(float(np.std(logit(champion) - logit(challenger))))
    low, high = wilson(len(ends), streams)
    return Found(
        promoted=len(ends) / streams,
        low=low,
        high=high,
        examples=float(np.median(ends)) if ends else None,
        log_loss=float(np.mean(losses)),
        auc=float(np.mean(aucs)),
        distance=float(np.mean(distances)),
    )


def _conditions() -> dict[str, Any]:
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="minutes"),
        "cores": psutil.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def _rows(found: dict[str, Found]) -> Iterator[tuple[str, ...]]:
    for name, f in found.items():
        examples = "" if f.examples is None else f"{f.examples:,.0f}"
        share, interval = f"{f.promoted:.1%}", f"{f.low:.1%} to {f.high:.1%}"
        yield name, share, interval, examples, f"{f.log_loss:.3f}", f"{f.auc:.3f}", f"{f.distance:.2f}"


def main(
    streams: Annotated[int, typer.Option(min=1, help="Streams of each kind.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the streams.")] = 7,
    out: Annotated[Path | None, typer.Option(help="Write the findings there instead.")] = None,
    json_only: Annotated[bool, typer.Option("--json", help="Findings as JSON instead of tables.")] = False,
) -> None:
    """False promotions with equal models, and power with one that is 2 % better."""
    console = Console(stderr=json_only)
    rules = Rules()
    found: dict[str, Found] = {}
    with Progress(console=console, transient=True) as progress:
        kinds = scenarios()
        task = progress.add_task("streams", total=len(kinds))
        for name, scenario in kinds.items():
            progress.update(task, description=name)
            found[name] = run(scenario, streams, seed, rules)
            progress.advance(task)
    equal = [f"equal, own error {own}" for own in _OWN]
    better = "2 % better, own error 0.2, 1,000 users"
    goals = {
        "false promotions, % of streams with two equal models": Goal(
            100 * sum(found[name].promoted for name in equal) / len(equal), 5.0
        ),
        "better by 2 % and not promoted in 20,000 examples, %": Goal(
            100 * (1 - found[better].promoted), 20.0
        ),
    }
    told = {
        "streams": streams,
        "seed": seed,
        "rules": msgspec.to_builtins(rules),
        "goals": goals_json(goals),
        "found": {name: msgspec.to_builtins(f) for name, f in found.items()},
        "conditions": _conditions(),
    }
    if json_only:
        typer.echo(msgspec.json.encode(told))
    else:
        heads = ("promoted", "95 % interval", "median examples", "log loss", "AUC", "log-odds apart")
        shown = table(f"{streams} streams of each kind", "", *heads)
        for row in _rows(found):
            shown.add_row(*row)
        console.print(shown, goals_table(goals))
    write("promotion", told, out, console)
    raise typer.Exit(0 if all(goal.met for goal in goals.values()) else 1)


if __name__ == "__main__":
    typer.run(main)
