"""Kafka or Redis is away: an answer of its own, so that callers try again."""

from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import Response
from redis.exceptions import RedisError

from api.problems import problem
from control.writing import ControlAwayError

_AGAIN: Final = {"Retry-After": "1"}


def of_store() -> Response:
    """What is answered while Redis is away."""
    return problem(503, "store_away", "Redis does not answer: try again", _AGAIN)


def install(app: FastAPI) -> None:
    """Whatever route notices it answers 503."""

    async def store_away(_: Request, __: Exception) -> Response:
        return of_store()

    async def kafka_away(_: Request, __: Exception) -> Response:
        return problem(503, "kafka_away", "Kafka did not take it, nothing was decided: try again", _AGAIN)

    app.add_exception_handler(RedisError, store_away)
    app.add_exception_handler(ControlAwayError, kafka_away)
