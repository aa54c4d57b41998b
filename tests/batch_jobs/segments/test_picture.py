"""Figures of segments: what is drawn is what the tables say."""

import sys
from datetime import date
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure

from batch_jobs.segments.job import Segments
from batch_jobs.segments.picture import map_of_segments, movement_of_segments
from batch_jobs.segments.tables import AXES, MOVEMENT, POINTS
from tests.batch_jobs.rows import star_of
from tests.batch_jobs.segments.crowds import AS_OF, crowd


def drawn(figure: Figure) -> None:
    file = BytesIO()
    figure.savefig(file, format="svg")
    assert file.tell() > 1_000


def test_map(tmp_path: Path) -> None:
    tables = Segments(tmp_path)(star_of(crowd(20, seed=1), AS_OF), lambda _what, _share: None)
    figure = map_of_segments(tables["points"], tables["axes"])
    drawn(figure)
    shown = sum(len(np.asarray(collection.get_offsets())) for collection in figure.axes[0].collections)
    assert shown == tables["points"].num_rows
    assert "of the variance" in figure.axes[0].get_xlabel()


def test_movement() -> None:
    moved = [
        ("At-Risk", "Casual", 30),
        ("At-Risk", "At-Risk", 10),
        (None, "Casual", 5),
        ("Casual", None, 999),
    ]
    moved += [("Casual", "Lurkers", 1)]  # as another edition may have called them
    rows = [
        {"since": date(2024, 1, 1), "until": date(2024, 1, 8), "from_segment": a, "to_segment": b, "users": n}
        for a, b, n in moved
    ]
    figure = movement_of_segments(pa.Table.from_pylist(rows, schema=MOVEMENT))
    drawn(figure)
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert texts == {"30\n75%", "10\n25%", "5\n100%", "999\n100%", "1\n< 1%"}


def test_nothing_to_show() -> None:
    drawn(map_of_segments(POINTS.empty_table(), AXES.empty_table()))
    drawn(movement_of_segments(MOVEMENT.empty_table()))


def test_pyplot_is_left_alone() -> None:
    drawn(movement_of_segments(MOVEMENT.empty_table()))
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
