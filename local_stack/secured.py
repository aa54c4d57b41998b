"""Kafka and Redis of one stack as local processes behind TLS and passwords, as a deployment should have them."""

import datetime as dt
from pathlib import Path
from random import Random
from typing import Final

from local_stack.certificates import make
from local_stack.kafka.secured import MECHANISM, SecuredBroker
from local_stack.part import Part, Progress
from local_stack.ports import HOST
from local_stack.redis.secured import SecuredRedis
from local_stack.redis.users import rights

KAFKA_USER: Final = "ebbwatch"


class SecuredStack:
    """The two servers, their certificates and the passwords of all users; for one life of the object."""

    def __init__(self, folder: Path, random: Random, progress: Progress, now: dt.datetime) -> None:
        """
        Args:
            random: passwords come from it too.
            now: from when the certificates hold.
        """
        self.folder = folder
        self.certificates = make(folder / "certificates", now)
        self.passwords = {name: random.randbytes(16).hex() for name in (KAFKA_USER, *rights())}
        kafka = {KAFKA_USER: self.passwords[KAFKA_USER]}
        redis = {name: self.passwords[name] for name in rights()}
        self.kafka = SecuredBroker(folder / "kafka", random, progress, self.certificates, kafka)
        self.redis = SecuredRedis(folder / "redis", random, progress, self.certificates, redis)

    @property
    def parts(self) -> dict[str, Part]:
        """Both servers by name."""
        return {"kafka": self.kafka, "redis": self.redis}

    def environ(self, user: str = "operator", database: int = 0) -> dict[str, str]:
        """What a process finds in its environment; passwords by file.

        Args:
            user: of Redis; Kafka has one for all.
            database: of Redis.
        """
        ca = str(self.certificates.ca)
        return {
            "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{self.kafka.port}",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": MECHANISM,
            "KAFKA_SASL_USERNAME": KAFKA_USER,
            "KAFKA_SASL_PASSWORD_FILE": self._file(KAFKA_USER),
            "KAFKA_SSL_CA_FILE": ca,
            "REDIS_URL": f"rediss://{HOST}:{self.redis.port}/{database}",
            "REDIS_USERNAME": user,
            "REDIS_PASSWORD_FILE": self._file(user),
            "REDIS_SSL_CA_FILE": ca,
        }

    def _file(self, user: str) -> str:
        path = self.folder / "passwords" / user
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(self.passwords[user] + "\n")
        return str(path)
