"""The picture of the live view shows what the screen shows, and fetches nothing."""

import xml.etree.ElementTree as ET
from pathlib import Path

from rich.panel import Panel
from rich.text import Text

from ebbwatch.picture import save_picture


def test_the_picture_holds_the_screen_and_names_no_host(tmp_path: Path) -> None:
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"
    for file in (first, second):
        save_picture(Panel(Text("user-17 is quiet", style="red")), file, "the title")
    root = ET.parse(first).getroot()
    words = " ".join("".join(root.itertext()).replace("\u00a0", " ").split())
    assert "user-17 is quiet" in words
    assert "the title" in words
    assert "url(http" not in first.read_text("utf-8")
    assert first.read_bytes() == second.read_bytes()
