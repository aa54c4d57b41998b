"""A screen of the live view as a picture for documents."""

import io
import re
from pathlib import Path
from typing import Final

from rich.console import Console, RenderableType

_COLUMNS: Final = 110
_FONTS: Final = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def save_picture(screen: RenderableType, file: Path, title: str) -> None:
    """Write `screen` as SVG, with `title` above it. The folder must exist.

    Equal screens give equal bytes. No font is fetched from anywhere: the viewer's own monospaced one serves.
    """
    console = Console(
        record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(screen)
    svg = console.export_svg(title=title, unique_id="screen")
    file.write_text(_FONTS.sub("", svg), "utf-8")
