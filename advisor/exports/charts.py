"""Charts as images, each in a file of its own."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pyarrow as pa
from matplotlib.figure import Figure

from advisor.exports.names import CHARTS, Chart
from advisor.exports.pictures import ahead, reasons, sureness
from advisor.profile.pictures import curve, over_time
from advisor.profile.profile import Profile
from advisor.threshold.threshold import Threshold
from advisor.training.training import Summary
from batch_jobs.reports.section import png
from batch_jobs.segments.picture import map_of_segments


def of_file(profile: Profile, threshold: Threshold) -> dict[Chart, Figure]:
    """What is known before anything was learned."""
    return {"activity": over_time(profile), "threshold": curve(threshold)}


def of_summary(summary: Summary) -> dict[Chart, Figure]:
    """What was learned."""
    found: dict[Chart, Figure] = {
        "months": ahead(summary.months),
        "sureness": sureness(summary.contestants[0].metrics),
    }
    if summary.importance:
        found["reasons"] = reasons(summary)
    if summary.segmentation.points:
        found["segments"] = kinds(summary)
    return found


def kinds(summary: Summary) -> Figure:
    """The batch job's map, of customers of the file."""
    points, axes = (
        pa.Table.from_pylist(msgspec.to_builtins(rows))
        for rows in (summary.segmentation.points, summary.segmentation.axes)
    )
    return map_of_segments(points, axes, "Kinds of customers")


def write(folder: Path, charts: Mapping[Chart, Figure]) -> None:
    """As SVG and PNG into the folder `CHARTS` of a folder.

    Raises:
        OSError: the disk is full.
    """
    place = folder / CHARTS
    place.mkdir(exist_ok=True)
    for name, figure in charts.items():
        (place / f"{name}.png").write_bytes(png(figure))
        figure.savefig(place / f"{name}.svg", format="svg", metadata={"Date": None, "Creator": None})
