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


_FORMATS = "http://schemas.openxmlformats.org"
HEAD = ("Customer ID", "Invoice Date", "Unit Price", "Quantity", "Product")


def lines(count: int, seed: int, customers: int = 150, days: int = 300) -> list[Line]:
    """In order of time; some pieces come back."""
    chance = Random(seed)
    begin = dt.datetime(2023, 1, 2, 8, 0, tzinfo=dt.UTC)
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
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<?xml version="1.0"?><Types xmlns="{_FORMATS}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/></Types>',
        "_rels/.rels": _relations("officeDocument", "xl/workbook.xml"),
        "xl/_rels/workbook.xml.rels": _relations("worksheet", "worksheets/sheet1.xml", "styles", "styles.xml"),
        "xl/workbook.xml": f'<?xml version="1.0"?><workbook xmlns="{_FORMATS}/spreadsheetml/2006/main" '
        f'xmlns:r="{_FORMATS}/officeDocument/2006/relationships"><sheets><sheet name="Daten" '
        'sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/styles.xml": f'<?xml version="1.0"?><styleSheet xmlns="{_FORMATS}/spreadsheetml/2006/main">'
        '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": '<?xml version="1.0" encoding="UTF-8"?>'
        f'<worksheet xmlns="{_FORMATS}/spreadsheetml/2006/main"><sheetData>{sheet}</sheetData></worksheet>',
    }  # fmt: skip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _cell(value: object) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, dt.datetime):
        days = (value - dt.datetime(1899, 12, 30, tzinfo=dt.UTC)) / dt.timedelta(days=1)
        return f'<c s="1"><v>{days!r}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value!r}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def _relations(*pairs: str) -> str:
    kind = f"{_FORMATS}/officeDocument/2006/relationships"
    told = "".join(
        f'<Relationship Id="r{n // 2 + 1}" Type="{kind}/{pairs[n]}" Target="{pairs[n + 1]}"/>'
        for n in range(0, len(pairs), 2)
    )
    return (
        f'<?xml version="1.0"?><Relationships xmlns="{_FORMATS}/package/2006/relationships">'
        f"{told}</Relationships>"
    )
