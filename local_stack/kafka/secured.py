"""A Kafka broker that wants TLS and a user with a password (SASL_SSL, SCRAM-SHA-512)."""

from pathlib import Path
from random import Random
from typing import Final

from connections.knock import kafka_answers
from local_stack.certificates import Certificates
from local_stack.kafka.broker import KafkaBroker
from local_stack.kafka.settings import broker_settings
from local_stack.part import Progress
from local_stack.ports import HOST, is_open

MECHANISM: Final = "SCRAM-SHA-512"
_LOGIN: Final = "org.apache.kafka.common.security.scram.ScramLoginModule"
_BROKER: Final = "broker"
"""The user by whom brokers speak with each other."""


def secured_settings(
    ports: tuple[int, ...], data: Path, certificates: Certificates, password: str
) -> dict[str, str]:
    """Kafka's own names and values: those of `broker_settings`, with a client listener of SASL_SSL.

    Args:
        password: of the brokers' own user.
    """
    return broker_settings(ports, data) | {
        "listener.security.protocol.map": "BROKER:SASL_SSL,CONTROLLER:PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificates.both),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificates.ca),
        "sasl.enabled.mechanisms": MECHANISM,
        "sasl.mechanism.inter.broker.protocol": MECHANISM,
        f"listener.name.broker.{MECHANISM.lower()}.sasl.jaas.config": (
            f'{_LOGIN} required username="{_BROKER}" password="{password}";'
        ),
    }


class SecuredBroker(KafkaBroker):
    """As `KafkaBroker`, for clients that have a password and trust the authority."""

    def __init__(
        self,
        folder: Path,
        random: Random,
        progress: Progress,
        certificates: Certificates,
        passwords: dict[str, str],
    ) -> None:
        """
        Args:
            passwords: of users, letters and digits; those who are there at the first start.
        """
        super().__init__(folder, random, progress)
        self._certificates = certificates
        self._passwords = {_BROKER: random.randbytes(16).hex()} | passwords

    def settings(self, ports: tuple[int, ...]) -> dict[str, str]:
        """See `KafkaBroker.settings`."""
        return secured_settings(ports, self.dir, self._certificates, self._passwords[_BROKER])

    def format_options(self) -> list[str]:
        """See `KafkaBroker.format_options`: by a file, since all users of a machine see command lines."""
        file = self.folder / "users"
        file.touch(mode=0o600)
        lines = [
            line
            for name, password in self._passwords.items()
            for line in ("--add-scram", f"{MECHANISM}=[name={name},password={password}]")
        ]
        file.write_text("\n".join(lines) + "\n")
        return [f"@{file}"]

    def answers(self) -> bool:
        """See `Part.answers`."""
        environ = {
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_USERNAME": _BROKER,
            "KAFKA_SASL_PASSWORD": self._passwords[_BROKER],
            "KAFKA_SSL_CA_FILE": str(self._certificates.ca),
        }
        return is_open(self.port) and kafka_answers(f"{HOST}:{self.port}", environ)
