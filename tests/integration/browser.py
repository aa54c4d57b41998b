"""A headless Chromium, driven through its debugging pipe, so that no driver has to be installed besides."""

import itertools
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
_ANSWER_S: Final = 60.0
_LOOK_S: Final = 0.2


def program() -> str | None:
    """Which one is installed, if any."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class BrowserError(Exception):
    """It has ended, does not answer, or refuses."""


class Page:
    """One tab."""

    def __init__(self, to: int, answers: int) -> None:
        """
        Args:
            to, answers: file descriptors of the pipe.
        """
        self._to, self._answers = to, answers
        self._read = b""
        self._numbers = itertools.count(1)
        self._session = ""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._call("Page.enable")
        self._call("Network.enable")

    def headers(self, headers: dict[str, str]) -> None:
        """Send these with each request from now on."""
        self._call("Network.setExtraHTTPHeaders", headers=headers)

    def open(self, url: str, width: int = 1600, height: int = 1000) -> None:
        """Go there, with a window of that size; does not wait for what scripts do."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        answer = self._call("Page.navigate", url=url)
        if "errorText" in answer:
            raise BrowserError(f"{url}: {answer['errorText']}")

    def evaluate(self, script: str) -> Any:
        """The value of an expression of JavaScript."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{script[:80]}: {answer['exceptionDetails'].get('text')}")
        return answer["result"].get("value")

    def settled(self, script: str, seconds: float = 60.0) -> bool:
        """Whether an expression has become true within that time."""
        until = time.monotonic() + seconds
        while not self.evaluate(script):
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK_S)
        return True

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + _ANSWER_S
        while True:
            answer = self._next(until - time.monotonic(), method)
            if answer.get("id") == number:  # all else are events
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                found: dict[str, Any] = answer["result"]
                return found

    def _next(self, seconds: float, method: str) -> dict[str, Any]:
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, seconds))
            read = os.read(self._answers, 1 << 16) if ready else b""
            if not read:
                raise BrowserError(f"Chromium does not answer {method}")
            self._read += read
        message, _, self._read = self._read.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A page of a Chromium of its own, until the end of the block.

    Args:
        folder: for its profile and its log.

    Raises:
        BrowserError: none is installed, or it does not start.
    """
    found = program()
    if found is None:
        raise BrowserError("no Chromium is installed (Debian: apt-get install chromium)")
    folder.mkdir(parents=True, exist_ok=True)
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    # it reads from descriptor 3 and writes to 4
    command = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
    options = (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        f"--user-data-dir={folder / 'profile'}", "--remote-debugging-pipe",
    )  # fmt: skip
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", command, found, *options],
            pass_fds=(theirs_in, theirs_out),
            stdout=log,
            stderr=log,
        )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Page(ours_out, ours_in)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(ours_out)
        os.close(ours_in)
