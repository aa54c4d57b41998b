"""`ebbwatch train`: what it writes, says and refuses."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ebbwatch.main import app
from tests.advisor.training.files import shop

FEW = ("--contestants", "logistic", "--learners", "", "--inactivity-days", 40, "--horizon-days", 20)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "shop.csv").write_text(shop(2))
    return tmp_path / "shop.csv"


def call(*words: object) -> Result:
    return CliRunner().invoke(app, ["train", *map(str, words)])


def test_from_a_file_to_a_target_list(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = call(file, "--out", out, *FEW)
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in out.iterdir()) == [
        "charts", "customers.parquet", "features.parquet", "model", "model-card.html", "predictions.csv",
        "summary.html", "summary.json", "summary.pdf", "targets.csv",
    ]  # fmt: skip
    summary = json.loads((out / "summary.json").read_bytes())
    assert f"{summary['customers']:,} customers at" in done.stdout
    page = (out / "summary.html").read_text("utf-8")
    assert "of shop.csv" in page
    assert f"{summary['customers']:,} customers, of whom" in page
    assert (out / "summary.pdf").read_bytes().startswith(b"%PDF")
    assert "trained on shop.csv" in (out / "model-card.html").read_text("utf-8")
    assert "silent for 40 days" in done.stdout
    assert "all at risk" in done.stdout
    with (out / "predictions.csv").open() as found:
        assert len(list(csv.DictReader(found))) == summary["customers"]


def test_what_cannot_be_used_is_refused_in_a_sentence(file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    for words, message in (
        ((tmp_path / "empty.csv", "--out", tmp_path / "out"), "The file is empty"),
        ((file, "--out", tmp_path / "out", "--contestants", "oracle"), "oracle"),
        ((file, "--out", tmp_path / "out", "--horizon-days", 180), "shorter horizon"),
        ((file, "--out", file), "File exists"),
    ):
        done = call(*words)
        assert done.exit_code == 1
        assert message in done.stderr
        assert "Traceback" not in done.output
