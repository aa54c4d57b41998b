"""One Kafka broker for one machine."""

import base64
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import ClassVar

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from local_stack.errors import StackError
from local_stack.kafka import class_archive
from local_stack.kafka.software import KafkaSoftware, cache_folder, obtain
from local_stack.part import Part
from local_stack.ports import HOST, is_open

_LOG4J = Path(__file__).with_name("log4j2.xml")
_MIB = 1024 * 1024
_JVM = ("-Xms256m", "-Xmx768m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true")


class KafkaBroker(Part):
    """A Kafka in KRaft mode, broker and controller in one JVM; it keeps records for ever."""

    name: ClassVar[str] = "Kafka"
    port_count: ClassVar[int] = 2

    def prepare(self, ports: tuple[int, ...]) -> tuple[list[str], str]:
        """See `Part.prepare`.

        Raises:
            StackError: Kafka or Java is missing, or the data folder cannot be formatted.
        """
        software = obtain(os.environ, self._progress)
        config = self.folder / "server.properties"
        settings = _settings(ports, self.dir)
        config.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        if not (self.dir / "meta.properties").exists():
            _format(self._java(software), config, self._random)
        archive = class_archive.options(software, self.folder)
        return [*self._java(software, archive), "kafka.Kafka", str(config)], software.text

    def stop(self) -> bool:
        """See `Part.stop`."""
        in_order = super().stop()
        if in_order:
            class_archive.keep(self.folder, cache_folder(os.environ))
        return in_order

    def answers(self) -> bool:
        """The cluster's metadata name a broker, so it is registered and takes requests."""
        if not is_open(self.port):
            return False
        client = AdminClient({"bootstrap.servers": f"{HOST}:{self.port}", "log_level": 0})
        try:
            return bool(client.list_topics(timeout=1.0).brokers)
        except KafkaException:
            return False

    @property
    def log_files(self) -> tuple[Path, ...]:
        """See `Part.log_files`."""
        return (self.folder / "output.log", self.folder / "kafka.log")

    def _java(self, software: KafkaSoftware, more: Sequence[str] = ()) -> list[str]:
        options = [f"-Dlog4j2.configurationFile={_LOG4J}", f"-Dkafka.log.file={self.folder / 'kafka.log'}"]
        options.append(f"-XX:ErrorFile={self.folder / 'crash.log'}")
        return [str(software.java), *_JVM, *options, *more, "-cp", software.classes]


def _settings(ports: tuple[int, ...], data: Path) -> dict[str, str]:
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
        "log.cleaner.dedupe.buffer.size": str(16 * _MIB),  # the default takes a sixth of the heap
    }


def _format(java: list[str], config: Path, random: Random) -> None:
    cluster = base64.urlsafe_b64encode(random.randbytes(16)).decode().rstrip("=")
    if cluster.startswith("-"):
        cluster = "A" + cluster[1:]  # the tool would take it for an option
    command = [*java, "kafka.tools.StorageTool", "format", "--cluster-id", cluster, "--config", str(config)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise StackError(f"Kafka: cannot format {config.parent}: {(result.stderr or result.stdout).strip()}")
