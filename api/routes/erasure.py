"""What is known of a user: all of it, for whoever asks; and nothing any more."""

import asyncio
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Security
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from redis.exceptions import RedisError

from api.access.guard import guard
from api.paths import KnownUser
from api.problems import ProblemError, answers
from api.resources import Resources, resources_of
from batch_jobs.running import kept
from control.log import LogError
from control.writing import ControlAwayError
from domain.control import ApiKey
from feature_store.connect import connect
from feature_store.stream import load_or_begin
from online_model.ledger.ledger import LedgerError
from profiles.known import Known, Sources, known

router = APIRouter(prefix="/v1/users", tags=["users"])

_RETRY: Final = {"Retry-After": "5"}
Shared = Annotated[Resources, Depends(resources_of)]
Admin = Annotated[ApiKey, Security(guard, scopes=["admin"])]

_FOLLOWS: Final = (
    "the ledger lets go of the user's rows, within minutes",
    "the star of the batch jobs lets go of the user with the next day's run, its former files a day later",
    "topics of events, snapshots, outcomes and alerts keep what they held until their retention",
)


class ErasedUser(BaseModel):
    """What has been done, and what follows."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"forgotten": True, "decided": True, "removed": 3, "follows": list(_FOLLOWS)}]
        }
    )

    forgotten: bool = Field(
        description="whether record, ranking, timer and pending snapshots are gone already"
    )
    decided: bool = Field(description="whether alerts of before are shown and sent no more already")
    removed: int = Field(description="notes, contacts, alert steps and the like that were taken away")
    follows: list[str] = Field(description="what happens by itself from now on, in words")


class Export(BaseModel):
    """All that is known of a user; times are ms since 1970 unless they are texts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user": "u0000250",
                    "position": {"partition": 3, "offset": 1042, "clock": 1_704_067_200_000},
                    "record": {"sessions": 12, "last_ms": 1_704_060_000_000},
                    "features": {"sessions_total": 12, "plan": "gold"},
                    "waiting": [],
                    "said": [],
                    "alerts": [],
                    "ledger": [],
                }
            ]
        }
    )

    user: str
    position: dict[str, int] = Field(description="partition, offset of the next record, and clock")
    record: dict[str, Any] | None = Field(description="by field name, as docs/user-state.md has it")
    features: dict[str, Any] | None = Field(description="by name; docs/features.md has their units")
    waiting: list[dict[str, Any]] = Field(description="snapshots and outcomes on their way to their topics")
    said: list[dict[str, Any]] = Field(description="notes, contacts, feedback, opt-outs, steps of alerts")
    alerts: list[dict[str, Any]]
    ledger: list[dict[str, Any]] = Field(description="snapshots that were predicted and settled")


@router.delete(
    "/{id}",
    status_code=202,
    summary="Erase a user: from now on there has been nobody of this id",
    responses={202: {"model": ErasedUser}, **answers(401, 403, 422, 429, 503)},
    response_class=Response,
)
async def erase(user: KnownUser, key: Admin, here: Shared) -> Response:
    """State, ranking, alerts, pending labels, what people have said, archive, batch jobs; a rebuild forgets again.

    Do it again as often as you like: it erases what has come since. Events that come later begin a new record.
    """
    config = here.config

    def run() -> dict[str, Any]:
        with connect(config.redis) as store:
            done = here.eraser.erase(store, user, key.name or key.id, config.patience_s)
        try:
            kept.erase(Path(config.batch), {user})
        except OSError as fault:
            raise ProblemError(
                503, "tables_away", "tables of the batch jobs stand: erase again", _RETRY
            ) from fault
        waits = (
            []
            if done.forgotten
            else ["the worker forgets the user when it comes to the record of the erasure"]
        )
        waits += [] if done.decided else ["the notifier drops alerts of before when it comes to the erasure"]
        return {
            "forgotten": done.forgotten,
            "decided": done.decided,
            "removed": done.removed,
            "follows": [*waits, *_FOLLOWS],
        }

    try:
        return _json(await asyncio.to_thread(run), 202)
    except (ControlAwayError, LogError) as fault:
        raise ProblemError(503, "kafka_away", "Kafka does not answer: erase again", _RETRY) from fault
    except (RedisError, OSError) as fault:
        raise ProblemError(503, "store_away", "Redis does not answer: erase again", _RETRY) from fault


@router.get(
    "/{id}/export",
    summary="All that is known of a user, as one document",
    dependencies=[Security(guard, scopes=["admin"])],
    responses={200: {"model": Export}, **answers(401, 403, 404, 422, 429, 503)},
    response_class=Response,
)
async def export(user: KnownUser, here: Shared) -> Response:
    """Record, features, what people have said, alerts, and rows of the ledger.

    It reads whole topics and takes its time; it is no call for every day.
    """
    config = here.config

    def run() -> Known:
        sources = Sources(config.kafka, config.control_topic, config.alert_topic, Path(config.archive))
        with connect(config.redis) as store:
            return known(store, load_or_begin(store, config.topic, config.partitions), user, sources)

    try:
        found = await asyncio.to_thread(run)
    except LogError as fault:
        raise ProblemError(503, "kafka_away", "Kafka does not answer", _RETRY) from fault
    except LedgerError as fault:
        raise ProblemError(503, "archive_away", "the ledger cannot be read", _RETRY) from fault
    except (RedisError, OSError) as fault:
        raise ProblemError(503, "store_away", "Redis does not answer", _RETRY) from fault
    if found.nothing:
        raise ProblemError(404, "unknown_user", "nothing is known of this user")
    return _json(found, 200)


def _json(body: Any, status: int) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
