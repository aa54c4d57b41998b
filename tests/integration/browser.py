"""A headless Chromium: the one that the machine has, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, sync_playwright

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
ABSENT: Final = "no Chromium is installed (Debian: apt-get install chromium)"


def program() -> str | None:
    """Which one is installed, if any."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """One of its own, until the end of the block."""
    found = program()
    assert found is not None, ABSENT
    with sync_playwright() as playing:
        made = playing.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-dev-shm-usage"],  # as root, in a container
        )
        try:
            yield made
        finally:
            made.close()
