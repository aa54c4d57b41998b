"""One Kafka broker for one machine."""

import base64
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import ClassVar

from connections.knock import kafka_answers
from local_stack.errors import StackError
from local_stack.kafka import class_archive
from local_stack.kafka.settings import broker_settings
from local_stack.kafka.software import KafkaSoftware, cache_folder, obtain
from local_stack.part import Part
from local_stack.ports import HOST, is_open

_LOG4J = Path(__file__).with_name("log4j2.xml")
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
        config.touch(mode=0o600)  # it may hold a password
        config.write_text("".join(f"{name}={value}\n" for name, value in self.settings(ports).items()))
        if not (self.dir / "meta.properties").exists():
            _format(self._java(software), config, self._random, self.format_options())
        archive = class_archive.options(software, self.folder)
        return [*self._java(software, archive), "kafka.Kafka", str(config)], software.text

    def settings(self, ports: tuple[int, ...]) -> dict[str, str]:
        """Kafka's own names and values, as they stand in its file."""
        return broker_settings(ports, self.dir)

    def format_options(self) -> list[str]:
        """Further words for the tool that prepares the data folder, before the first start."""
        return []

    def stop(self) -> bool:
        """See `Part.stop`."""
        in_order = super().stop()
        if in_order:
            class_archive.keep(self.folder, cache_folder(os.environ))
        return in_order

    def answers(self) -> bool:
        """See `Part.answers`."""
        return is_open(self.port) and kafka_answers(f"{HOST}:{self.port}")

    @property
    def log_files(self) -> tuple[Path, ...]:
        """See `Part.log_files`."""
        return (self.folder / "output.log", self.folder / "kafka.log")

    def _java(self, software: KafkaSoftware, more: Sequence[str] = ()) -> list[str]:
        options = [f"-Dlog4j2.configurationFile={_LOG4J}", f"-Dkafka.log.file={self.folder / 'kafka.log'}"]
        options.append(f"-XX:ErrorFile={self.folder / 'crash.log'}")
        return [str(software.java), *_JVM, *options, *more, "-cp", software.classes]


def _format(java: list[str], config: Path, random: Random, options: list[str]) -> None:
    cluster = base64.urlsafe_b64encode(random.randbytes(16)).decode().rstrip("=")
    if cluster.startswith("-"):
        cluster = "A" + cluster[1:]  # the tool would take it for an option
    command = [
        *java,
        "kafka.tools.StorageTool",
        "format",
        "--cluster-id",
        cluster,
        "--config",
        str(config),
        *options,
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise StackError(f"Kafka: cannot format {config.parent}: {(result.stderr or result.stdout).strip()}")
