"""One experiment, out of its cells."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from batch_jobs.experiments.differences import Z95, Difference, Sums, difference, theta
from batch_jobs.experiments.looks import Looks, Row, cumulative, day_of, effect, sums
from batch_jobs.experiments.outcomes import METRICS, SEGMENTS
from batch_jobs.experiments.ratio import Ratio, ratio
from batch_jobs.experiments.sequences import anytime_p, mixture
from batch_jobs.experiments.settings import ALPHA, ExperimentSettings
from batch_jobs.experiments.survival import Survival, survival
from domain.columns import HOLDOUTS
from online_model.quality.intervals import wilson


class Facts(NamedTuple):
    """Of one experiment."""

    name: str
    cells: pd.DataFrame
    """Of `outcomes.cells`."""
    losses: pd.DataFrame
    """Of `losses.cells`."""
    promoted: int
    today: int
    """Number of the as-of's day."""
    known_until: int
    """Of `losses.known_until`."""


class Compared:
    """The rows of one experiment."""

    def __init__(self, facts: Facts, settings: ExperimentSettings) -> None:
        """Nothing is computed yet."""
        self._facts = facts
        self._settings = settings
        self._rho2 = mixture(settings.planned, ALPHA)
        cells = facts.cells
        self._matured = cells[cells["number"] + settings.follow_up_days < facts.today]
        self.variants: Final = sorted(cells["variant"].unique())
        self.control: Final = next((name for name in sorted(HOLDOUTS) if name in self.variants), None)
        self._users = self._matured.groupby("variant")["assigned"].sum()
        self.ratio: Final = self._ratio()
        self._survivals = {name: self._survival(name) for name in self.variants}

    def experiment(self) -> Row:
        """Of `EXPERIMENTS`."""
        cells = self._facts.cells
        status, reason = self._status()
        return {
            "experiment": self._facts.name,
            "status": status,
            "reason": reason,
            "control": self.control,
            "variants": len(self.variants),
            "assigned": int(cells["assigned"].sum()),
            "matured": int(self._matured["assigned"].sum()),
            "crossed": int(cells["crossed"].sum()),
            "promoted": self._facts.promoted,
            "first_day": day_of(int(cells["number"].min())),
            "last_day": day_of(int(cells["number"].max())),
            "ratio_p": self.ratio.p,
            "ratio_ok": self.ratio.ok,
            "ratio_of": self.ratio.of,
        }

    def arms(self) -> Iterator[Row]:
        """Of `ARMS`."""
        assigned = self._facts.cells.groupby("variant")[["assigned", "crossed"]].sum()
        total = int(assigned["assigned"].sum())
        for name in self.variants:
            mine = self._matured[self._matured["variant"] == name]
            users, kept = int(mine["assigned"].sum()), int(mine["retention_y"].sum())
            low, high = wilson(kept, users) if users else (None, None)
            lives = self._survivals[name]
            half = Z95 * np.sqrt(lives.variance) if lives else 0.0
            yield {
                "experiment": self._facts.name,
                "variant": name,
                "assigned": int(assigned["assigned"][name]),
                "crossed": int(assigned["crossed"][name]),
                "matured": users,
                "planned_share": self.ratio.shares[name],
                "share": int(assigned["assigned"][name]) / total,
                "treated": int(mine["treated"].sum()),
                "retained": kept,
                "retention": kept / users if users else None,
                "retention_low": low,
                "retention_high": high,
                "revenue": float(mine["revenue_y"].sum()) / users if users else None,
                "survival": lives.share if lives else None,
                "survival_low": max(lives.share - half, 0.0) if lives else None,
                "survival_high": min(lives.share + half, 1.0) if lives else None,
                "restricted_days": lives.days if lives else None,
            }

    def effects(self) -> Iterator[Row]:
        """Of `EFFECTS`."""
        for name, control in self._pairs():
            for metric in METRICS:
                slope = self._slope(metric)
                plain = self._by_look(name, metric, 0.0)
                if plain is None:
                    continue
                cuped = self._by_look(name, metric, slope)
                assert cuped is not None
                yield plain.row(self._facts.name, "none", None)
                saved = 1 - cuped.variance / plain.variance if plain.variance > 0 else None
                yield cuped.row(self._facts.name, "cuped", saved)
            yield from self._lives(name, control)

    def segments(self) -> Iterator[Row]:
        """Of `SEGMENTS`."""
        rows: list[Row] = []
        slope = self._slope("retention")
        for name, control in self._pairs():
            for dimension in SEGMENTS:
                for value in sorted(self._matured[dimension].unique()):
                    cells = self._matured[self._matured[dimension] == value]
                    rows.append(self._segment(cells, name, control, dimension, value, slope))
        tested = [row for row in rows if row["p"] is not None]
        if tested:
            adjusted = multipletests([row["p"] for row in tested], alpha=ALPHA, method="holm")[1]
            for row, p in zip(tested, adjusted, strict=True):
                row["p_holm"] = float(p)
        yield from rows

    def looks(self) -> Iterator[Row]:
        """Of `LOOKS`."""
        for name, _ in self._pairs():
            for metric in METRICS:
                looks = self._by_look(name, metric, self._slope(metric))
                if looks is not None:
                    yield from looks.rows(self._facts.name, metric)

    def _status(self) -> tuple[str, str]:
        days = self._settings.follow_up_days
        if len(self.variants) < 2:
            return (
                "one variant",
                f"all were assigned to {self.variants[0]!r}: there is nobody to compare them with",
            )
        if self.control is None:
            names = " or ".join(repr(name) for name in sorted(HOLDOUTS))
            return "no control", f"no variant is called {names}: say which one leaves users alone by its name"
        if not any(True for _ in self._pairs()):
            least = self._settings.least
            return (
                "too few",
                f"a variant and {self.control!r} need {least} users each, assigned {days} days ago",
            )
        if self.ratio.ok is False:
            return (
                "compared",
                f"the shares are not {self.ratio.of}: find out why before you believe the effects",
            )
        return "compared", f"{days} days of follow-up, against {self.control!r}"

    def _ratio(self) -> Ratio:
        assigned = self._facts.cells.groupby("variant")["assigned"].sum()
        planned = self._settings.shares.get(self._facts.name)
        return ratio(self.variants, [int(assigned[name]) for name in self.variants], planned)

    def _pairs(self) -> Iterator[tuple[str, str]]:
        """Variants that are compared, each with the control."""
        enough = {name for name, users in self._users.items() if users >= self._settings.least}
        if self.control in enough:
            assert self.control is not None
            yield from ((name, self.control) for name in self.variants if name in enough - {self.control})

    def _slope(self, metric: str) -> float:
        """Of all variants together."""
        arms = [sums(self._matured[self._matured["variant"] == name], metric) for name in self.variants]
        return float(theta(arms))

    def _by_look(self, name: str, metric: str, slope: float) -> Looks | None:
        """From the first day on which both have `least` users."""
        assert self.control is not None
        days = np.sort(self._matured["number"].unique())
        mine, control = (
            cumulative(self._matured[self._matured["variant"] == arm], metric, days)
            for arm in (name, self.control)
        )
        enough = (mine.n >= self._settings.least) & (control.n >= self._settings.least)
        if not enough.any():
            return None
        mine, control = (Sums(*(column[enough] for column in arm)) for arm in (mine, control))
        found = difference(mine, control, slope)
        looked = days[enough] + self._settings.follow_up_days + 1
        return Looks(name, self.control, metric, looked, mine, control, slope, found, self._rho2)

    def _segment(
        self, cells: pd.DataFrame, name: str, control: str, dimension: str, value: str, slope: float
    ) -> Row:
        mine, other = (sums(cells[cells["variant"] == arm], "retention") for arm in (name, control))
        row: Row = {
            "experiment": self._facts.name, "variant": name, "control": control, "dimension": dimension,
            "value": value, "users": int(mine.n), "users_control": int(other.n),
            "retention": float(mine.y / mine.n) if mine.n else None,
            "retention_control": float(other.y / other.n) if other.n else None,
            "difference": None, "low": None, "high": None, "p": None, "p_holm": None,
        }  # fmt: skip
        if min(mine.n, other.n) >= self._settings.least:
            found = difference(mine, other, slope)
            low, high = found.interval()
            p = anytime_p(found, mine.n + other.n, self._rho2)
            row |= {"difference": float(found.value), "low": float(low), "high": float(high), "p": float(p)}
        return row

    def _survival(self, name: str) -> Survival | None:
        days = self._settings.follow_up_days
        mine = self._facts.losses[self._facts.losses["variant"] == name]
        gone = mine["lost"].notna()
        lost = np.bincount(mine["lost"][gone].astype(np.int64), mine["users"][gone], minlength=days)
        known = (self._facts.known_until - mine["number"][~gone]).clip(0, days)
        censored = np.bincount(known.astype(np.int64), mine["users"][~gone], minlength=days + 1)
        return survival(lost.astype(np.int64), censored.astype(np.int64))

    def _lives(self, name: str, control: str) -> Iterator[Row]:
        mine, other = self._survivals[name], self._survivals[control]
        if mine is None or other is None or min(mine.users, other.users) < self._settings.least:
            return
        for metric, a, va, b, vb in (
            ("survival", mine.share, mine.variance, other.share, other.variance),
            ("restricted_days", mine.days, mine.days_variance, other.days, other.days_variance),
        ):
            low, high = Difference(np.asarray(a - b), np.asarray(va + vb)).interval()
            yield effect(self._facts.name, name, control, metric, "none") | {
                "users": mine.users, "users_control": other.users, "value": a, "value_control": b,
                "difference": a - b, "low": float(low), "high": float(high),
            }  # fmt: skip


def unassigned(name: str, promoted: int, assigned: Mapping[str, int]) -> Row:
    """Of `EXPERIMENTS`: promotions of which no lot is known."""
    what = f"promotions of {name!r}" if name else "promotions that name no experiment"
    others = (
        f"; those to users with an assignment count there ({', '.join(sorted(assigned))})" if assigned else ""
    )
    reason = (
        f"{what} were given without an assignment: who would have come back without one is not known; assign users "
        f"by lot to it or to 'holdout', with an experiment_assignment of that experiment{'' if name else others}"
    )
    return dict.fromkeys(("control", "first_day", "last_day", "ratio_p", "ratio_ok", "ratio_of")) | {
        "experiment": name, "status": "no assignment", "reason": reason, "variants": 0, "assigned": 0, "matured": 0,
        "crossed": 0, "promoted": promoted,
    }  # fmt: skip
