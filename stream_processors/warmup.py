"""Compile, or load from the cache, all that a batch needs, before the worker joins its group.

The first compilation takes longer than Kafka waits for a silent member, and a partition would stand still for it.
"""

import numpy as np
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from prometheus_client import CollectorRegistry

from domain.alerts import Policy
from domain.decode import Decoder
from domain.events import MIN_TIME_MS, ClockMark, Event, encode
from domain.features import features
from domain.packing import pack, unpack
from domain.partitioner import partition_of
from domain.settings import FactSettings
from domain.steps import Due, Partition, Progress
from feature_store.position import begin
from feature_store.served import trailers
from online_model.own_rhythm import Population
from online_model.risk import Risk
from stream_processors.alerting import Alerting, Desk, Moment, Scope
from stream_processors.metrics import WorkerMetrics
from stream_processors.record_batches import RawRecords
from stream_processors.scoring import Served
from stream_processors.writes import write_of

_USER = "warm-up"


async def _nowhere(_: object) -> None:
    """Nothing is raised here."""


def warm_up(settings: FactSettings) -> None:
    """Take a session and a mark through every compiled loop, in memory."""
    desk = Desk(Policy(), {}, settings.horizon_ms, _nowhere, WorkerMetrics(CollectorRegistry()))
    desk.live = True
    alerting = Alerting(desk, 0, {})
    partition = partition_of(_USER.encode(), 1)
    events = [
        Event(event_id=str(n), user_id=_USER, type="purchase", time=MIN_TIME_MS + n, amount=1.0)
        for n in range(2)
    ]
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=False, producer_id=-1, producer_epoch=-1, base_sequence=0,
        batch_size=1 << 20,
    )  # fmt: skip
    for offset, event in enumerate(events):
        builder.append(offset, MIN_TIME_MS, _USER.encode(), encode(event), [])
    later = MIN_TIME_MS + settings.inactivity_ms * 2
    builder.append(len(events), later, None, encode(ClockMark(mark=later)), [])
    for first, records in RawRecords(bytes(builder.build())).batches(check_crcs=True):
        batch = Decoder(partition, 1, settings).decode(records)
        states = unpack([None] * len(batch.users))
        folding = Partition(batch, first, states, batch.users, Due([], True), settings)
        position = begin("", settings)
        timers, served = np.zeros(len(states), np.int64), trailers([None] * len(states))
        scoring = Served(Risk(), Population(), settings.horizon_ms)
        for step in folding.steps(Progress(offset=first)):
            moment = Moment(step.progress.clock, step.progress.offset - 1, later, later)
            scored = alerting.score(
                Scope(states, step.slots, folding.ids, batch.user_hashes), served[step.slots], scoring, moment
            )
            write_of(
                step,
                position,
                states,
                folding.ids,
                timers,
                folding.timers(step.slots),
                served,
                scored,
                batch.names,
            )
        everybody = np.arange(len(states))
        features(states, everybody, states["last_ms"])
        unpack(pack(states, everybody))
