"""Figures of money: what is drawn is what the tables say."""

from io import BytesIO

import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure

from batch_jobs.value.forecast import forecast
from batch_jobs.value.groups import Rows
from batch_jobs.value.picture import forecast_of, lifetime_curves
from batch_jobs.value.series import forecasts, history
from batch_jobs.value.tables import FORECAST, HISTORY, LTV
from tests.batch_jobs.value.kinds import months


def drawn(figure: Figure) -> None:
    file = BytesIO()
    figure.savefig(file, format="svg")
    assert file.tell() > 1_000


def test_forecast() -> None:
    known = 100 * (months(20) + 5)
    series = {"revenue": known, "active_users": known}
    rows, _ = forecasts(2024 * 12, series)
    said = pa.Table.from_pylist(rows, schema=FORECAST)
    past = pa.Table.from_pylist(history(2024 * 12, series), schema=HISTORY)
    figure = forecast_of(past, said)
    drawn(figure)
    line, dashed = figure.axes[0].lines
    assert np.asarray(line.get_ydata()).tolist() == (known / 100).tolist()
    found = forecast(known, 6)
    assert found is not None
    assert np.asarray(dashed.get_ydata()).tolist() == [24.0, *(found.values / 100).tolist()]


def test_lifetime() -> None:
    rows: Rows = [
        {
            "grouping": "all",
            "group": "all",
            "months": m,
            "members": 9,
            "followed": 9,
            "margin": 1.0,
            "plain": 100.0 * m,
            "value": 100.0 * m,
            "low": 90.0 * m,
            "high": 110.0 * m,
            "extrapolated": m > 4,
        }
        for m in range(1, 17)
    ]
    figure = lifetime_curves(pa.Table.from_pylist(rows, schema=LTV))
    drawn(figure)
    ripe, beyond = figure.axes[0].lines
    assert [np.size(line.get_xdata()) for line in (ripe, beyond)] == [5, 13]
    assert np.asarray(ripe.get_ydata()).tolist() == [0, 1, 2, 3, 4]
    assert np.asarray(beyond.get_ydata()).tolist() == list(range(4, 17))


def test_nothing_to_show() -> None:
    drawn(forecast_of(HISTORY.empty_table(), FORECAST.empty_table()))
    drawn(lifetime_curves(LTV.empty_table()))
