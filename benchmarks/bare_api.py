"""The measure for the API's reads: a FastAPI route that reads one Redis key, served as the API is."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from redis import asyncio as aredis

REDIS: Final = "BARE_API_REDIS"
PORT: Final = "BARE_API_PORT"
KEY: Final = "bare"


def create_app() -> FastAPI:
    """The app."""
    store: Any = aredis.Redis.from_url(os.environ[REDIS])

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await store.aclose()

    app = FastAPI(lifespan=lifespan)

    @app.get("/bare/{user}")
    async def bare(user: str) -> dict[str, Any]:
        return {"user": user, "value": (await store.get(KEY)).decode()}

    return app


def main() -> None:
    """Serve with the settings of `api.__main__`."""
    uvicorn.run(
        "benchmarks.bare_api:create_app",
        factory=True,
        host="127.0.0.1",
        port=int(os.environ[PORT]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
