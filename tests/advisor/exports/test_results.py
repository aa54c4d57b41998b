"""The card says what the figures say, and runs nothing; charts are images, the same each time."""

import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from advisor.exports.card import Made, card
from advisor.exports.charts import of_file, of_summary, write
from advisor.exports.names import CARD, CHARTS, SHOWN
from advisor.exports.results import write_for_people
from advisor.profile.profile import profile
from advisor.threshold.threshold import found as threshold_of
from advisor.training.kept import model
from advisor.training.segments import SegmentError
from tests.advisor.training.kept import Trained, trained

TODAY = date(2024, 5, 6)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return trained(tmp_path_factory)


def made(done: Trained, **changed: Any) -> Made:
    manifest = model(done.folder / "results").manifest
    found = Made("shop.csv", done.told, done.mapping, done.summary, manifest, TODAY)
    return found._replace(**changed)


class _Page(HTMLParser):
    """Rows of all tables by their first cell; tags; addresses."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self._within = False
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._within = True

    def handle_endtag(self, tag: str) -> None:
        self._within = self._within and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._within:
            self.rows[-1][-1] += data


def test_the_card_says_what_the_figures_say(done: Trained) -> None:
    content = card(made(done))
    page, summary = _Page(content), done.summary
    rows = {row[0]: row[1:] for row in page.rows}
    assert rows["Rows of the file"] == [f"{done.told.rows:,}"]
    assert rows["Customers"] == [f"{summary.customers:,}, {summary.gone:,} of them gone at the end"]
    assert rows["Version"] == [summary.version]
    assert rows["Trained"] == ["2024-05-06"]
    for one in summary.contestants:
        at = one.metrics.decided
        assert at is not None
        name = f"{one.name} (scores)" if one.name == summary.served else one.name
        assert rows[name][3:6] == [f"{one.metrics.log_loss:.3f}", f"{at.f1:.3f}", f"{one.f1_of_all:.3f}"]
    for segment in summary.segments:
        assert rows[segment.value][:2] == [f"{segment.snapshots:,}", f"{segment.lost:.1%}"]
    assert {segment.value for segment in summary.segments} == {"shop", "web"}
    assert "gone within 20 days: to have been silent for 40 days" in content
    assert "customer (customer), date (date), total (amount), channel (channel)" in content
    assert "not learned from: email" in content
    assert "It spans 200 days" in content
    assert "The file does not say how many pieces are bought." in content


def test_the_card_runs_nothing_and_needs_nothing(done: Trained) -> None:
    content = card(made(done, file='<script src="https://example.org/x.js"></script>'))
    page = _Page(content)
    assert not page.tags & {"script", "iframe", "object", "link", "form"}
    assert page.addresses
    assert all(address.startswith("data:image/png;base64,") for address in page.addresses)


def test_a_file_without_labels_has_no_segments(done: Trained) -> None:
    summary = msgspec.structs.replace(done.summary, segments=())
    content = card(made(done, summary=summary))
    assert "by channel" not in content
    assert "cannot be seen in this file" in content
    over = SegmentError(
        label="plan", value="pro", snapshots=40, lost=0.5, predicted=0.25, roc_auc=None, log_loss=None
    )
    content = card(made(done, summary=msgspec.structs.replace(done.summary, segments=(over,))))
    assert ["pro", "40", "50.0%", "25.0%", "−25.0 points", "–", "–"] in _Page(content).rows


def test_charts_are_images_and_the_same_each_time(done: Trained, tmp_path: Path) -> None:
    found = profile(
        done.folder / "rows.parquet",
        done.folder / "events.parquet",
        done.described,
        done.mapping,
        done.told,
        1,
    )
    threshold = threshold_of(done.folder / "events.parquet")
    for place in ("first", "second"):
        (tmp_path / place).mkdir()
        write(tmp_path / place, of_file(found, threshold) | of_summary(done.summary))
    names = {path.name for path in (tmp_path / "first" / CHARTS).iterdir()}
    assert names == {f"{name}.{form}" for name in SHOWN for form in ("svg", "png")}
    for name in names:
        content = (tmp_path / "first" / CHARTS / name).read_bytes()
        if name.endswith("png"):
            assert content.startswith(b"\x89PNG")
            assert content == (tmp_path / "second" / CHARTS / name).read_bytes()
        else:
            root = ET.fromstring(content)
            assert root.tag.endswith("svg")
            assert not [one for one in root.iter() if re.search("script|foreignObject", one.tag)]


def test_all_of_it_is_written(done: Trained, tmp_path: Path) -> None:
    write_for_people(tmp_path, made(done))
    assert {path.name for path in tmp_path.iterdir()} == {CARD, CHARTS, "summary.html", "summary.pdf"}
