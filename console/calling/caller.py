"""The public HTTP API, called with the visitor's key."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx

from console.calling.counted import AWAY

Parameters = Mapping[str, str | int | float | None]
_ANSWER_S: Final = 60.0
_SENDING_S: Final = 600.0
"""For a file; as long as the API waits for one."""


class ApiError(Exception):
    """The API has not done what was asked; the text says why, for people."""


class AwayError(ApiError):
    """It does not answer, or says that what it needs is away."""


class RefusedError(ApiError):
    """It refuses."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        """
        Args:
            kind: the last part of the problem's `type`.
        """
        super().__init__(detail)
        self.status = status
        self.kind = kind


class Caller:
    """Calls with one key; all share the connections."""

    def __init__(self, client: httpx.AsyncClient, key: str = "") -> None:
        self._client = client
        self._key = key

    def with_key(self, key: str) -> "Caller":
        """The same with a key."""
        return Caller(self._client, key)

    @property
    def address(self) -> str:
        """Of the API."""
        return str(self._client.base_url).rstrip("/")

    async def get(self, path: str, parameters: Parameters | None = None) -> Any:
        """The answer's JSON.

        Args:
            parameters: those that are None are left out.

        Raises:
            AwayError, RefusedError: it was not answered.
        """
        return await self._call("GET", path, parameters, None)

    async def post(self, path: str, body: Any = None) -> Any:
        """The answer's JSON; raises as `get` does."""
        return await self._call("POST", path, None, body)

    async def patch(self, path: str, body: Any) -> Any:
        """The answer's JSON; raises as `get` does."""
        return await self._call("PATCH", path, None, body)

    async def delete(self, path: str) -> None:
        """Raises as `get` does."""
        await self._call("DELETE", path, None, None)

    async def put(self, path: str, body: Any) -> Any:
        """The answer's JSON; raises as `get` does."""
        return await self._call("PUT", path, None, body)

    async def send(
        self, path: str, parameters: Parameters, content: AsyncIterator[bytes], length: int | None
    ) -> Any:
        """The answer's JSON to a body that is sent as it comes; raises as `get` does.

        Args:
            length: bytes, if they are known: so that the API can refuse what is too large at once.
        """
        headers = self._headers() | {"Content-Type": "application/octet-stream"}
        if length is not None:
            headers["Content-Length"] = str(length)
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            answer = await self._client.post(
                path, params=given, content=content, headers=headers, timeout=_SENDING_S
            )
        except httpx.HTTPError as fault:
            raise self._away() from fault
        return _said(answer)

    async def fetch(self, path: str) -> tuple[str, AsyncIterator[bytes]]:
        """Kind and content of what is no JSON, as it comes; raises as `get` does."""
        request = self._client.build_request("GET", path, headers=self._headers(), timeout=_SENDING_S)
        try:
            answer = await self._client.send(request, stream=True)
            if answer.status_code >= 400:
                await answer.aread()
        except httpx.HTTPError as fault:
            raise self._away() from fault
        if answer.status_code >= 400:
            raise refusal(answer)
        return answer.headers.get("content-type", "application/octet-stream"), _content(answer)

    async def ready(self) -> dict[str, Any]:
        """What `/readyz` says, whether all is well or not."""
        try:
            answer = await self._client.get("/readyz", timeout=_ANSWER_S)
        except httpx.HTTPError as fault:
            raise self._away() from fault
        found: dict[str, Any] = answer.json()
        return found

    async def _call(self, method: str, path: str, parameters: Parameters | None, body: Any) -> Any:
        given = {name: value for name, value in (parameters or {}).items() if value is not None}
        try:
            answer = await self._client.request(
                method, path, params=given, json=body, headers=self._headers(), timeout=_ANSWER_S
            )
        except httpx.HTTPError as fault:
            raise self._away() from fault
        return _said(answer)

    def _headers(self) -> dict[str, str]:
        # what is no header's text is no key either; the API then says so
        fits = self._key.isascii() and self._key.isprintable()
        return {"Authorization": f"Bearer {self._key}"} if self._key and fits else {}

    def _away(self) -> AwayError:
        return AwayError(
            f"The API at {self.address} does not answer. It may be starting; try again in a moment."
        )


def _said(answer: httpx.Response) -> Any:
    if answer.status_code >= 400:
        raise refusal(answer)
    return answer.json() if answer.content else None


async def _content(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for block in answer.aiter_bytes():
            yield block
    finally:
        await answer.aclose()


def refusal(answer: httpx.Response) -> ApiError:
    """What an answer of 400 or more says, from its problem document if it has one."""
    try:
        problem = answer.json()
        detail, kind = str(problem["detail"]), str(problem.get("type", ""))
    except (ValueError, KeyError, TypeError):
        detail, kind = f"the API answered with {answer.status_code}", ""
    wrong = [f"{e.get('field', '')}: {e.get('message', '')}" for e in _errors(answer) if isinstance(e, dict)]
    text = "; ".join([detail, *wrong])
    if answer.status_code in AWAY:
        return AwayError(f"The API cannot answer now: {text}")
    return RefusedError(answer.status_code, kind.rpartition("/")[2], text)


def _errors(answer: httpx.Response) -> list[Any]:
    try:
        found = answer.json().get("errors") or []
    except (ValueError, AttributeError):
        return []
    return found if isinstance(found, list) else []


def in_path(text: str) -> str:
    """An id within a path."""
    return quote(text, safe="")
