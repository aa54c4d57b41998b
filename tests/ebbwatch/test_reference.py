"""The reference pages say what the code says."""

import json
from pathlib import Path

import msgspec
import pytest

from domain.catalogue import NAMES
from domain.events import EVENT_TYPES, Event, fields, json_schema
from ebbwatch.reference import pages, write
from ebbwatch.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", pages())
def test_the_committed_page_is_current(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == pages()[name], "run `python -m ebbwatch.reference`"


def test_the_pages_leave_nothing_out(tmp_path: Path) -> None:
    write(tmp_path / "new")
    written = {page.name: page.read_text("utf-8") for page in (tmp_path / "new").iterdir()}
    assert written == pages()
    assert all(f"| `{name}` |" in written["features.md"] for name in NAMES)
    assert all(
        f"| `{name}` |" in written["events.md"] for name in (*EVENT_TYPES, *fields(), "mark", "visits")
    )
    assert all(f"| `EBBWATCH_{name.upper()}` |" in written["settings.md"] for name in Settings.model_fields)


def test_every_cell_says_something_and_breaks_no_table() -> None:
    for line in [x for page in pages().values() for x in page.splitlines() if x.startswith("| `")]:
        cells = line.replace("\\|", "").strip("|").split("|")
        assert len(cells) in (3, 4, 5), line
    for name, field in Settings.model_fields.items():
        assert field.description, f"{name} is not described"


def test_the_schema_is_that_of_the_decoder() -> None:
    schema = json.loads(pages()["event-schema.json"])
    assert schema == json_schema()
    assert schema["$defs"]["Event"]["required"] == ["event_id", "user_id", "type", "time"]
    least = dict(zip(schema["$defs"]["Event"]["required"], ["e", "u", "page_view", 1], strict=True))
    assert msgspec.convert(least, Event).type == "page_view"
