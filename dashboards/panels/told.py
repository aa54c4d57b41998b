"""What every panel tells besides its figures."""

from typing import NamedTuple


class Told(NamedTuple):
    """Title, description and link of a panel."""

    title: str
    read: str
    """How to read it."""
    act: str
    """What to do."""
    more: str
    """Name of a page of the runbooks; or a path of the API that has the data, with its slash."""
    empty: str = ""
    """Why it is usually empty, if it is: shown in its place."""

    @property
    def description(self) -> str:
        """In Markdown."""
        said = f"{self.read}\n\n**What to do:** {self.act}"
        return f"{said}\n\n*{USUALLY_EMPTY}:* {self.empty}" if self.empty else said


USUALLY_EMPTY = "Usually empty"
