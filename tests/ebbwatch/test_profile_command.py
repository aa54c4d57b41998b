"""`ebbwatch profile`: what it says, writes and refuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ebbwatch.main import app
from tests.advisor.files import lines, text


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sales [2023].csv"
    path.write_text(text(lines(800, seed=5), ";", ","), "utf-8")
    return path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["profile", *map(str, arguments)])


def test_it_says_what_is_in_a_file(file: Path) -> None:
    done = call(file)
    assert done.exit_code == 0, done.output
    assert "800 of 800 rows can be used" in done.stdout
    assert "Unit Price" in done.stdout
    assert "of one piece, times the quantity" in done.stdout
    assert "days of silence" in done.stdout
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_as_json_and_as_a_page(file: Path) -> None:
    for name in ("page.html", "page.pdf"):
        done = call(file, "--report", file.parent / "new" / name, "--json")
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        assert found["mapping"]["columns"]["customer"] == "Customer ID"
        assert found["profile"]["customers"] == found["events"]["customers"]
    page, pdf = (file.parent / "new" / name for name in ("page.html", "page.pdf"))
    assert "sales [2023].csv" in page.read_text("utf-8")
    assert pdf.read_bytes().startswith(b"%PDF")


def test_what_was_proposed_is_corrected(file: Path) -> None:
    done = call(file, "--column", "product=", "--column", "category=Product", "--total", "--json")
    mapping = json.loads(done.stdout)["mapping"]
    assert mapping["columns"]["category"] == "Product"
    assert "product" not in mapping["columns"]
    assert mapping["amount_is"] == "total"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty"),
        (b"%PDF-1.4 and so on", "The file is a PDF, not a table"),
        (text(lines(90, seed=1)).encode(), "500"),
        (text(lines(900, seed=1, days=60)).encode(), "days"),
        (text(lines(900, seed=1, customers=20)).encode(), "100"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_bytes(content)
    done = call(tmp_path / "file.csv")
    assert done.exit_code == 1
    assert message in done.stderr
    assert "Traceback" not in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["file.csv"]


def test_wrong_options_and_absent_files_are_said(file: Path, tmp_path: Path) -> None:
    assert "ROLE=COLUMN" in call(file, "--column", "colour=Product").stderr
    assert ".html or .pdf" in call(file, "--report", "page.docx").stderr
    assert "no column" in call(file, "--column", "product=Nowhere").stderr
    absent = call(tmp_path / "absent.csv")
    assert (absent.exit_code, "absent.csv" in absent.stderr) == (1, True)
