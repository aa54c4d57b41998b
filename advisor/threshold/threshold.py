"""The threshold of churn: where the gaps between a customer's days of purchase become rare."""

from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq

LEAST: Final = 45
MOST: Final = 90
"""The elbow is taken within these days: shorter is a pause, longer is known too late to do anything."""
SLIDER: Final = (30, 180)
"""Days between which somebody may choose."""
_DAY_MS: Final = 86_400_000

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a threshold would say of the customers at the end of the file."""

    days: int
    lost: int
    """Silent for so many days or more."""
    kept: int
    churn_rate: float


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    days: int
    """To be proposed."""
    elbow: int
    """Before it was brought within `LEAST` and `MOST`; `MOST` where nobody has come back."""
    gaps: int
    """How many there are."""
    within: tuple[float, ...]
    """Share of the gaps of at most 1, 2, … days, up to the last of `SLIDER`."""
    choices: tuple[Choice, ...]
    """For every day of `SLIDER`."""


def found(events: Path) -> Threshold:
    """From the events of a file.

    Args:
        events: `events.parquet` of `advisor.intake.events.canonical`; refunds are no purchases.

    Raises:
        ValueError: there is no event.
    """
    table = pq.read_table(events, columns=["user", "time_ms", "type"])
    if not table.num_rows:
        raise ValueError("no events")
    end = int(pc.max(table["time_ms"]).as_py())
    came = table.filter(pc.not_equal(table["type"], "refund"))
    codes = pc.dictionary_encode(came["user"].combine_chunks()).indices.to_numpy().astype(np.int64)
    times = came["time_ms"].to_numpy()
    return of_purchases(codes, times, end)


def of_purchases(users: Days, times: Days, end_ms: int) -> Threshold:
    """
    Args:
        users: number of the customer of each purchase, shape (n,).
        times: milliseconds since 1970, shape (n,).
        end_ms: of the last event of all.
    """
    gaps = _gaps(users, times // _DAY_MS)
    span = np.arange(1, SLIDER[1] + 1)
    within = np.searchsorted(np.sort(gaps), span, side="right") / max(len(gaps), 1)
    knee = elbow(span.astype(np.float64), within) if len(gaps) else MOST
    last: Days = np.full(int(users.max(initial=-1)) + 1, -1, np.int64)
    np.maximum.at(last, users, times)
    silence = np.sort((end_ms - last[last >= 0]) // _DAY_MS)
    days = np.arange(SLIDER[0], SLIDER[1] + 1)
    kept = np.searchsorted(silence, days, side="left")
    return Threshold(
        days=min(max(knee, LEAST), MOST),
        elbow=knee,
        gaps=len(gaps),
        within=tuple(within.tolist()),
        choices=tuple(
            Choice(
                days=day,
                lost=len(silence) - stay,
                kept=stay,
                churn_rate=(len(silence) - stay) / max(len(silence), 1),
            )
            for day, stay in zip(days.tolist(), kept.tolist(), strict=True)
        ),
    )


def elbow(x: Floats, y: Floats) -> int:
    """Where a curve that rises ever more slowly lies farthest above the line from its first point to its last.

    Satopää, Albrecht, Irwin, Raghavan 2011, "Finding a kneedle in a haystack", ICDCS Workshops, without smoothing:
    the curve is a distribution of thousands of gaps. The first such point counts.
    """
    if y[-1] <= y[0]:
        return int(x[0])
    across, up = (x - x[0]) / (x[-1] - x[0]), (y - y[0]) / (y[-1] - y[0])
    return int(x[int(np.argmax(up - across))])


def _gaps(users: Days, days: Days) -> Days:
    """Days between the days on which a customer came, of all customers."""
    if not len(users):
        return np.zeros(0, np.int64)
    low = int(days.min())
    span = int(days.max()) - low + 1
    visits = np.unique(users * span + days - low)
    same = visits[1:] // span == visits[:-1] // span
    return np.asarray((visits[1:] - visits[:-1])[same])
