"""The report as PDF, for who prints it or passes it on."""

import io
import struct
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Final

import matplotlib as mpl
from fpdf import FPDF
from fpdf.fonts import FontFace

from batch_jobs.reports.report import Report
from batch_jobs.reports.section import Grid, Section

_FONT: Final = "DejaVu"  # comes with Matplotlib, and knows more letters than the fonts of PDF itself
_INK: Final = (28, 39, 51)
_SOFT: Final = (70, 80, 92)
_HEAD: Final = 40.0
_FIRST: Final = 70
"""Width of the first column, in parts; the others have 40 each."""


def pdf(report: Report) -> bytes:
    """A4 pages; the same report gives the same bytes."""
    document = FPDF(format="A4")
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    document.add_font(_FONT, "", fonts / "DejaVuSans.ttf")
    document.add_font(_FONT, "B", fonts / "DejaVuSans-Bold.ttf")
    document.set_creation_date(datetime.combine(report.as_of, time(), UTC))
    document.set_title(report.title)
    document.set_margin(16)
    document.set_auto_page_break(auto=True, margin=16)
    document.add_page()
    _line(document, report.title, 16, bold=True)
    _line(document, report.subtitle, 9)
    for section in report.sections:
        document.ln(5)
        if document.will_page_break(_together(section, document.epw)):
            document.add_page()
        _line(document, section.title, 12, bold=True)
        if section.of is not None:
            _line(document, f"As of {section.of}: the job has not come to this day.", 9)
        for words in section.words:
            _line(document, words, 9)
        if section.grid is not None:
            _grid(document, section.grid)
        if section.picture is not None:
            document.ln(2)
            document.image(
                io.BytesIO(section.picture.png), w=document.epw, alt_text=section.picture.words,
                keep_aspect_ratio=True,
            )  # fmt: skip
    return bytes(document.output())


def _together(section: Section, width: float) -> float:
    """Height, mm, of the beginning of a section that no page should end within."""
    if section.grid is not None or section.picture is None:
        return _HEAD
    across, down = struct.unpack(">II", section.picture.png[16:24])  # IHDR, which is the first chunk of a PNG
    return _HEAD / 2 + float(width * down / across)


def _line(document: FPDF, text: str, size: float, *, bold: bool = False) -> None:
    document.set_font(_FONT, "B" if bold else "", size)
    document.set_text_color(*(_INK if bold else _SOFT))
    document.multi_cell(0, size * 0.5, text, new_x="LMARGIN", new_y="NEXT", align="L")


def _grid(document: FPDF, grid: Grid) -> None:
    document.set_font(_FONT, "", 8.5)
    document.set_text_color(*_INK)
    others = len(grid.head) - 1
    with document.table(
        col_widths=(_FIRST, *(40,) * others),
        text_align=("LEFT", *("RIGHT",) * others),
        borders_layout="HORIZONTAL_LINES",
        headings_style=FontFace(emphasis="BOLD", color=_SOFT),
        line_height=5.5,
    ) as table:
        for cells in (grid.head, *grid.rows):
            row = table.row()
            for cell in cells:
                row.cell(cell)
