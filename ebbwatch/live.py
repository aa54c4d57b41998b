"""The live view: what flows, what became of it, and who is drifting away."""

from collections import deque
from datetime import UTC, datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ebbwatch.commands.users import risk_table
from ebbwatch.progress import StreamProgress
from feature_store.lookup import Totals
from profiles.model_report import progress_in_words, serving_rows
from profiles.serving import Serving
from profiles.views import UserView

_RATE_OVER_S: Final = 5.0
_TIERS: Final = (("high", "red"), ("medium", "yellow"), ("low", "green"))


class Rate:
    """Records a second over the last few seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def update(self, now_s: float, count: int) -> float:
        """Take a reading, get the rate."""
        self._seen.append((now_s, count))
        while now_s - self._seen[0][0] > _RATE_OVER_S and len(self._seen) > 2:
            self._seen.popleft()
        (then, before), seconds = self._seen[0], now_s - self._seen[0][0]
        del then
        return (count - before) / seconds if seconds > 0 else 0.0


def screen(
    reached: StreamProgress,
    rate: float,
    totals: Totals,
    tiers: dict[str, int],
    users: list[UserView],
    serving: Serving,
) -> RenderableType:
    """One picture of the stream."""
    parts = (_flow(reached, rate, totals), _model(serving), _tier_bars(tiers), _most_at_risk(users))
    spaced = [part for shown in parts for part in (shown, Text())][:-1]
    return Panel(
        Group(*spaced),
        title="[bold]ebbwatch[/]",
        subtitle="sessions → Kafka → Faust → Redis → risk",
        border_style="blue",
    )


def _model(serving: Serving) -> Table:
    """Which model serves, how much it has learned, and how good it is."""
    grid = Table.grid(padding=(0, 3))
    grid.add_row("[dim]model[/]", "[dim]serves[/]", "[dim]learned[/]", "[dim]ROC AUC[/]", "[dim]so far[/]")
    for row in serving_rows(serving):
        learned = "–" if row.examples is None else f"{row.examples:,}"
        auc = "–" if row.roc_auc is None else f"{row.roc_auc:.3f}"
        grid.add_row(
            f"[bold]{row.contestant}[/]", f"{row.share:.0%}", learned, auc, progress_in_words(serving)
        )
    return grid


def _flow(reached: StreamProgress, rate: float, totals: Totals) -> Table:
    when = (
        datetime.fromtimestamp(reached.clock / 1000, UTC).strftime("%Y-%m-%d %H:%M") if reached.clock else "–"
    )
    dead = sum(count for outcome, count in totals.outcomes.items() if outcome.startswith("dead_letter"))
    grid = Table.grid(padding=(0, 3))
    grid.add_row(
        "[dim]stream clock[/]", "[dim]records/s[/]", "[dim]lag[/]", "[dim]users[/]", "[dim]at risk[/]"
    )
    grid.add_row(
        f"[bold]{when}[/]",
        f"[bold]{rate:,.0f}[/]",
        f"[bold]{reached.lag:,}[/]",
        f"[bold]{totals.users:,}[/]",
        f"[bold]{totals.at_risk:,}[/]",
    )
    grid.add_row(
        "[dim]applied[/]", "[dim]duplicate[/]", "[dim]late[/]", "[dim]dead letters[/]", "[dim]marks[/]"
    )
    grid.add_row(
        f"{totals.outcomes.get('applied', 0):,}",
        f"{totals.outcomes.get('duplicate', 0):,}",
        f"{totals.outcomes.get('late', 0):,}",
        f"{dead:,}",
        f"{totals.outcomes.get('mark', 0):,}",
    )
    return grid


def _tier_bars(tiers: dict[str, int]) -> Table:
    grid = Table.grid(padding=(0, 2))
    everybody = max(sum(tiers.values()), 1)
    for tier, colour in _TIERS:
        count = tiers.get(tier, 0)
        grid.add_row(
            f"[{colour}]{tier}[/]",
            ProgressBar(
                total=everybody, completed=count, width=40, complete_style=colour, finished_style=colour
            ),
            f"{count:,}",
        )
    return grid


def _most_at_risk(users: list[UserView]) -> RenderableType:
    return risk_table(users) if users else Text("nobody has been quiet long enough yet", style="dim")
