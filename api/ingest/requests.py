"""What all calls that bring events do with a request."""

from fastapi import Request

from api.ingest.bodies import plain


async def body_of(request: Request) -> bytes:
    """The body, decompressed.

    Raises:
        ProblemError: 400, 413, 415; see `plain`.
    """
    return plain(await request.body(), request.headers.get("content-encoding", ""))
