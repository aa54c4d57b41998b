"""Files as people have them: transactions in several dialects, and a workbook made by hand."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple
from xml.sax.saxutils import escape


class Line(NamedTuple):
    """One line of an invoice."""

    customer: str
    at: dt.datetime
    price: str
    """With a decimal point."""
    pieces: int
    product: str


HEAD = ("Customer ID", "Invoice Date", "Unit Price", "Quantity", "Product")


def lines(count: int, seed: int, customers: int = 150, days: int = 300) -> list[Line]:
    """In order of time; some pieces come back."""
    chance = Random(seed)
    begin = dt.datetime(2023, 1, 2, 8, 0)
    times = sorted(begin + dt.timedelta(minutes=chance.randrange(days * 1440)) for _ in range(count))
    return [
        Line(
            customer=f"K{chance.randrange(customers):04d}",
            at=at,
            price=f"{chance.randrange(1, 99_999) / 100:.2f}",
            pieces=chance.choice((1, 1, 2, 3, 12, -1)),
            product=chance.choice(("Becher", "Löffel", "Kanne, groß", 'Tasse "Blau"')),
        )
        for at in times
    ]


def text(
    rows: Iterable[Line], delimiter: str = ",", decimal: str = ".", pattern: str = "%Y-%m-%d %H:%M:%S"
) -> str:
    """As CSV."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(HEAD)
    for row in rows:
        writer.writerow(
            (row.customer, row.at.strftime(pattern), row.price.replace(".", decimal), row.pieces, row.product)
        )
    return out.getvalue()


def workbook(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """The least that is a workbook (ECMA-376): a sheet with texts, numbers and dates; a formula keeps its value."""
    cells = [[_cell(value) for value in row] for row in (head, *rows)]
    sheet = "".join(f"<row>{''.join(row)}</row>" for row in cells)
    parts = {
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        'content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName='
        '"/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"'
        '/><Override PartName="/xl/styles.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>',
        "_rels/.rels": _relations("officeDocument", "xl/workbook.xml"),
        "xl/_rels/workbook.xml.rels": _relations("worksheet", "worksheets/sheet1.xml", "styles", "styles.xml"),
        "xl/workbook.xml": '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Daten" '
        'sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/styles.xml": '<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": '<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns='
        f'"http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{sheet}</sheetData></worksheet>',
    }  # fmt: skip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _cell(value: object) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, dt.datetime):
        days = (value - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)
        return f'<c s="1"><v>{days!r}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value!r}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def _relations(*pairs: str) -> str:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    told = "".join(
        f'<Relationship Id="r{n // 2 + 1}" Type="{kind}/{pairs[n]}" Target="{pairs[n + 1]}"/>'
        for n in range(0, len(pairs), 2)
    )
    return (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f"{told}</Relationships>"
    )
