"""Answers to calls that bring events, as the document shows them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class EventResult(BaseModel):
    """What became of one event."""

    status: Literal["accepted", "rejected", "dead_lettered", "ignored"] = Field(
        description="`accepted`: Kafka has it. `rejected`: it breaks the schema and is nowhere. Of Segment's "
        "messages also `dead_lettered`, without a user, and `ignored`, a group or alias call."
    )
    event_id: str | None = Field(default=None, description="as it was sent, where it can be read")
    field: str | None = Field(default=None, description="which field is wrong")
    reason: str | None = Field(default=None, description="one word to count by", examples=["bad_amount"])
    message: str | None = Field(default=None, description="what is wrong with it")


class EventsAnswer(BaseModel):
    """Of a push: counts, and one result for each event in the order of the request."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "accepted": 1,
                    "rejected": 1,
                    "results": [
                        {"status": "accepted", "event_id": "5c1f1f0e"},
                        {
                            "status": "rejected",
                            "event_id": "5c1f1f0f",
                            "field": "amount",
                            "reason": "bad_amount",
                            "message": "Expected float | null, got str",
                        },
                    ],
                }
            ]
        }
    )

    accepted: int
    rejected: int
    results: list[EventResult]


class SegmentAnswer(BaseModel):
    """Of a Segment call: what its libraries look for, and more for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "success": True,
                    "accepted": 1,
                    "dead_lettered": 0,
                    "ignored": 0,
                    "rejected": 0,
                    "results": [{"status": "accepted", "event_id": "a1"}],
                }
            ]
        }
    )

    success: Literal[True] = True
    accepted: int
    dead_lettered: int = Field(description="without a user id: `ebbwatch dlq show` names them")
    ignored: int = Field(description="group and alias calls: counted, they merge nothing")
    rejected: int
    results: list[EventResult]
