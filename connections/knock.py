"""Whether Kafka answers, and if it does not let us in, why: its clients try on for ever and do not tell."""

import os
import time
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from connections import refusals
from connections.kafka import librdkafka

_LOOK_S: Final = 0.5


def kafka_answers(bootstrap: str, environ: Mapping[str, str] = os.environ, *, seconds: float = 1.0) -> bool:
    """The cluster's metadata name a broker, so one is registered and takes requests.

    Args:
        bootstrap: ``host:port``, several with commas.
        seconds: it is waited for so long at most, and not after a refusal.

    Raises:
        AccessError: it does not let us in, or the settings do not go together.
    """
    faults: list[KafkaError] = []
    settings: dict[str, Any] = {
        **librdkafka(bootstrap, environ),
        "log_level": 0,
        "error_cb": faults.append,
        "reconnect.backoff.max.ms": 200,
    }
    client = AdminClient(settings)
    give_up = time.monotonic() + seconds
    while (left := give_up - time.monotonic()) > 0:
        try:
            return bool(client.list_topics(timeout=min(left, _LOOK_S)).brokers)
        except KafkaException:
            client.poll(0)
        for fault in faults:
            if refusal := refusals.of_kafka(fault.str()):
                raise refusal
        faults.clear()
    return False
