"""Sends mail."""

import asyncio
from email.message import EmailMessage
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

_PATIENCE_S: Final = 20.0


class PostError(RuntimeError):
    """The mail server did not take a message."""


class Post:
    """One mail server. Synchronous; one thread."""

    def __init__(self, url: str) -> None:
        """
        Args:
            url: ``smtp://user:password@host:587``, encrypted where the server can, or ``smtps://host``.

        Raises:
            ValueError: it is none of these.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("EBBWATCH_SMTP_URL must be like smtp://user:password@host:587 or smtps://host")
        self._secure = parts.scheme == "smtps"
        self._host, self._port = parts.hostname, parts.port or (465 if self._secure else 25)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    def send(self, message: EmailMessage) -> None:
        """Return when the server has taken it.

        Raises:
            PostError: it has not.
        """
        try:
            asyncio.run(self._send(message))
        except (aiosmtplib.SMTPException, OSError) as fault:
            raise PostError(f"{self._host}:{self._port}: {type(fault).__name__}") from fault

    async def _send(self, message: EmailMessage) -> None:
        await aiosmtplib.send(
            message,
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._secure,
            timeout=_PATIENCE_S,
        )
