"""The job `value`: what users bring, what of it is at risk, and what is to come."""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
from ibis.expr.types import Table

from batch_jobs.cohorts.held import held
from batch_jobs.job import Progress, Tables
from batch_jobs.segments import folders
from batch_jobs.star.star import Star
from batch_jobs.value import at_risk, scores, trials
from batch_jobs.value.customers import customers
from batch_jobs.value.forecast import HORIZONS
from batch_jobs.value.groups import Rows, arpu, cells, lifetimes
from batch_jobs.value.months import Months, by_month
from batch_jobs.value.risks import Source, none
from batch_jobs.value.series import forecasts, history, monthly
from batch_jobs.value.sums import summed
from batch_jobs.value.tables import KEPT_OF, OF, TABLES
from online_model.thresholds import Contact

CUSTOMERS: Final = "customers.parquet"
WARNINGS: Final = "warnings.parquet"
OPEN_TRIALS: Final = "trials.parquet"


@dataclass
class Value:
    """Writes into its folder, by the engine: `customers.parquet` (`batch_jobs.value.customers`), `warnings.parquet`
    (who moved from medium to high, the most money first) and, where they can be told, `trials.parquet` (probability
    to pay of each open trial); and `batch_jobs.value.months`. All else are result tables, which name no user."""

    folder: Path
    """Of what has a row a user, `as_of=<day>` by as-of."""
    segments: Path | None = None
    """Folder of the job `segments`; its last run up to the as-of counts. None for no segments."""
    scores: Path | None = None
    """Folder of probabilities that were served (`batch_jobs.value.scores`); None for none."""
    risks: Source = none
    """What serves instead where these are none."""
    contact: Contact = field(default_factory=Contact)
    """What a contact costs, and the chance that it saves."""
    margin: float = 1.0
    """Share of revenue that is margin."""
    discount: float = 0.10
    """A year."""
    least: int = 20
    """Members who must have been followed for a month to make it ripe."""
    name: str = "value"

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """Raises `OSError` where the folder cannot be written; what was in it still stands."""
        return self._tables(star, None, star.as_of.date(), progress)

    def refresh(self, star: Star, last: Tables, since: date, progress: Progress) -> Tables:
        """The same tables; of days only those of months are read that are not over, or have changed.

        Args:
            last: tables of a former run; what is gone on from lies in its folder, and in that of no other run: days
                may have changed between the two.
            since: first day of which anything but the users has changed since then.
        """
        then = date.fromisoformat(last[KEPT_OF]["as_of"][0].as_py())
        former = folders.folder_on(self.folder, then)
        return self._tables(star, former if former.exists() else None, since, progress)

    def _tables(self, star: Star, former: Path | None, since: date, progress: Progress) -> Tables:
        segments = self._segments(star)
        reasons: dict[str, str] = {}
        self.folder.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix=".scratch-", dir=self.folder) as scratch,
            folders.replacing(self.folder, star.as_of) as fresh,
        ):
            progress("sums of money", 0.0)
            months = by_month(star, fresh, former, since)
            sums = summed(star, segments, months, Path(scratch))
            progress("groups", 0.4)
            found = cells(sums)
            rows: dict[str, Rows] = {
                "arpu": arpu(found),
                "ltv": lifetimes(found, self.least, self.margin, self.discount),
            }
            progress("forecast", 0.6)
            first, series = monthly(star, found)
            rows["history"] = history(first, series)
            rows["forecast"], rows["backtest"] = forecasts(first, series)
            progress("customers", 0.65)
            rows |= self._customers(star, months, segments, fresh, reasons)
            progress("trials", 0.85)
            with ExitStack() as opened:
                rows |= _trials(star, Path(scratch), fresh, reasons, opened)
        progress("done", 1.0)
        reasons = _usual(rows, len(rows["history"]) // len(series), self.least) | reasons
        rows["reasons"] = [{"table": name, "reason": reasons[name]} for name in TABLES if name in reasons]
        made = {name: pa.Table.from_pylist(rows[name], schema=schema) for name, schema in TABLES.items()}
        return {**made, KEPT_OF: pa.Table.from_pylist([{"as_of": f"{star.as_of.date()}"}], OF)}

    def _segments(self, star: Star) -> Table | None:
        last = (
            None if self.segments is None else folders.last_before(self.segments, star.as_of, included=True)
        )
        if last is None or not (last / folders.MEMBERS).exists():
            return None
        return star.engine.read_parquet(last / folders.MEMBERS).select("user", "segment")

    def _customers(
        self,
        star: Star,
        months: Months,
        segments: Table | None,
        fresh: Path,
        reasons: dict[str, str],
    ) -> dict[str, Rows]:
        risks = None if self.scores is None else scores.served(self.scores, star)
        instead = risks is None
        if risks is None:
            risks = self.risks(star)
        everybody = customers(star, months.paid, risks, segments, self.contact)
        star.engine.to_parquet(everybody, fresh / CUSTOMERS)
        written = star.engine.read_parquet(fresh / CUSTOMERS).cast(everybody.schema())
        star.engine.to_parquet(at_risk.early_warnings(written), fresh / WARNINGS)
        found = {
            "deciles": at_risk.deciles(written),
            "revenue_at_risk": at_risk.revenue_at_risk(written),
            "tiers": at_risk.tiers(written),
            "tier_moves": at_risk.tier_moves(written),
        }
        if not found["revenue_at_risk"]:
            reasons["revenue_at_risk"] = (
                "no probabilities of losses: no scores were taken from the store, and the ledger has none yet"
                if risks is None
                else "no user at risk has a probability that is recent enough"
            )
        elif instead and self.scores is not None:
            reasons["revenue_at_risk"] = (
                "probabilities are of the ledger, a horizon old: as of this day no scores were taken from the store, "
                "which did not answer or was at another day"
            )
        if not found["tiers"]:
            reasons["tiers"] = reasons.get("revenue_at_risk", "no user at risk has a known probability")
        if not found["tier_moves"]:
            reasons["tier_moves"] = "no user at risk has probabilities of two weeks"
        return found


def _trials(
    star: Star, scratch: Path, fresh: Path, reasons: dict[str, str], opened: ExitStack
) -> dict[str, Rows]:
    found: dict[str, Rows] = {"trials": [], "calibration": [], "weights": []}
    served: list[Table] = []
    days = trials.first_days(star, scratch)
    for landmark in trials.LANDMARKS:
        at = opened.enter_context(held(star.engine, trials.at_landmark(days, landmark)))
        known = trials.known(at)
        first, then = trials.split(known)
        if not (trials.enough(known.won[first]) and trials.enough(known.won[then])):
            continue
        won = known.won[then]
        said = trials.learned(known.rows[first], known.won[first]).probabilities(known.rows[then])
        model = trials.learned(known.rows, known.won)
        still = trials.open_trials(at, model, landmark)
        served.append(still)
        counted = (
            still.aggregate(open=still.count(), expected=at_risk.total(still.probability))
            .to_pyarrow()
            .to_pylist()[0]
        )
        row = trials.judged(landmark, int(first.sum()), said, won, float(known.won[first].mean()))
        found["trials"].append({**row, "open": counted["open"], "expected": counted["expected"] or 0.0})
        found["calibration"] += trials.calibration(landmark, said, won)
        found["weights"] += [
            {"landmark": landmark, "feature": name, "weight": weight}
            for name, weight in zip(trials.FEATURES, model.weights.tolist(), strict=True)
        ]
    if served:
        table = served[0].union(*served[1:]) if len(served) > 1 else served[0]
        star.engine.to_parquet(table, fresh / OPEN_TRIALS)
    else:
        why = (
            f"fewer than {trials.FEWEST} trials that paid, or that did not, are known "
            f"{trials.WITHIN_DAYS} days after their start, before and after the split by time"
        )
        reasons |= dict.fromkeys(found, why)
    return found


def _usual(rows: dict[str, Rows], months: int, least: int) -> dict[str, str]:
    """Why tables are empty that say so themselves."""
    why = {
        "arpu": "no calendar month is complete",
        "ltv": f"fewer than {least} users whose origin is known have been followed for 30 days",
        "deciles": "nobody has ordered or renewed",
        "history": "no calendar month is complete",
        "forecast": f"{months} complete months are fewer than twice {HORIZONS[0]}",
        "backtest": f"{months} complete months are fewer than twice {HORIZONS[0]}",
    }
    return {name: reason for name, reason in why.items() if not rows[name]}
