"""Posts to a chat's incoming webhook (Slack, Mattermost, Teams with a text workflow): JSON with a `text`."""

import logging
from typing import Final
from urllib.parse import urlsplit

import httpx

_PATIENCE_S: Final = 20.0


class HookError(RuntimeError):
    """The chat did not take a message."""


class Hook:
    """One address. Synchronous."""

    def __init__(self, url: str) -> None:
        """
        Args:
            url: as the chat gives it; who knows it may post, so no message of an error names more than its host.

        Raises:
            ValueError: no HTTP address.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("EBBWATCH_REPORT_HOOK must be like https://hooks.slack.com/services/...")
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs each request with its whole address
        self._url = url
        self._host = parts.hostname

    def send(self, text: str) -> None:
        """Return when the chat has taken it.

        Raises:
            HookError: it has not.
        """
        try:
            answer = httpx.post(self._url, json={"text": text}, timeout=_PATIENCE_S)
        except httpx.HTTPError as fault:
            raise HookError(f"{self._host}: {type(fault).__name__}") from fault
        if not answer.is_success:
            raise HookError(f"{self._host} answered {answer.status_code}")
