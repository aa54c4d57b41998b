"""What a broker for one machine is told; the compose file tells its broker the same."""

from pathlib import Path

from local_stack.ports import HOST

_MIB = 1024 * 1024


def broker_settings(ports: tuple[int, ...], data: Path) -> dict[str, str]:
    """Kafka's own names and values.

    Args:
        ports: of clients and of the controller, on the loopback address.
        data: folder of the log.
    """
    client, controller = ports
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "listeners": f"BROKER://{HOST}:{client},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"BROKER://{HOST}:{client}",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "BROKER",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",  # topics are made with a chosen number of partitions
        "log.retention.ms": "-1",  # the log is the truth until it is archived
        "message.max.bytes": str(8 * _MIB),
        "replica.fetch.max.bytes": str(8 * _MIB),
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "2",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "2000",  # a killed worker's partitions are taken over soon
        # after kill -9 the controller waits this long before it lets the broker back in (9 s by default)
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "500",
        "log.cleaner.dedupe.buffer.size": str(16 * _MIB),  # the default takes a sixth of the heap
    }
