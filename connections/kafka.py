"""Kafka's security settings, for each of the client libraries in its own words."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connections.errors import AccessError
from connections.secrets import readable, secret

VARIABLES: Final = {
    "KAFKA_BOOTSTRAP_SERVERS": "`host:port` of brokers, several with commas",
    "KAFKA_SECURITY_PROTOCOL": "`PLAINTEXT` (default), `SSL`, `SASL_SSL` or `SASL_PLAINTEXT`",
    "KAFKA_SASL_MECHANISM": "`SCRAM-SHA-512` (default), `SCRAM-SHA-256` or `PLAIN`",
    "KAFKA_SASL_USERNAME": "user of SASL",
    "KAFKA_SASL_PASSWORD": "the user's password; or its file, `KAFKA_SASL_PASSWORD_FILE`",
    "KAFKA_SSL_CA_FILE": "PEM file of the authority that signed the brokers' certificates; else the system's",
    "KAFKA_SSL_CERTIFICATE_FILE": "PEM file of our own certificate, where brokers want one (mutual TLS)",
    "KAFKA_SSL_KEY_FILE": "PEM file of its key",
    "KAFKA_SSL_KEY_PASSWORD": "that key's password, if it has one; or its file, `KAFKA_SSL_KEY_PASSWORD_FILE`",
}
"""Variables of the environment and what they mean, for people."""

PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS: Final = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")


@dataclass(frozen=True)
class Security:
    """How a client proves who it is, and knows whom it talks to."""

    protocol: str = "PLAINTEXT"
    mechanism: str = MECHANISMS[0]
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    key_password: str | None = field(default=None, repr=False)

    @property
    def sasl(self) -> bool:
        """Whether it names a user."""
        return self.protocol.startswith("SASL")

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.protocol.endswith("SSL")

    def context(self) -> ssl.SSLContext:
        """For libraries that want one.

        Raises:
            AccessError: a file is not what it should be.
        """
        try:
            made = ssl.create_default_context(cafile=self.ca)
            if self.certificate:
                made.load_cert_chain(self.certificate, self.key, self.key_password or "")
        except (ssl.SSLError, OSError) as fault:
            raise AccessError(
                f"Kafka: a PEM file cannot be used ({fault}): look at KAFKA_SSL_CA_FILE, KAFKA_SSL_CERTIFICATE_FILE "
                "and KAFKA_SSL_KEY_FILE"
            ) from fault
        return made


def security(environ: Mapping[str, str]) -> Security:
    """What the environment says.

    Raises:
        AccessError: a variable cannot be used, or does not go with the others.
    """
    protocol = (environ.get("KAFKA_SECURITY_PROTOCOL") or "PLAINTEXT").upper()
    mechanism = (environ.get("KAFKA_SASL_MECHANISM") or MECHANISMS[0]).upper()
    _one_of("KAFKA_SECURITY_PROTOCOL", protocol, PROTOCOLS)
    _one_of("KAFKA_SASL_MECHANISM", mechanism, MECHANISMS)
    found = Security(
        protocol,
        mechanism,
        environ.get("KAFKA_SASL_USERNAME") or "",
        secret(environ, "KAFKA_SASL_PASSWORD") or "",
        readable(environ, "KAFKA_SSL_CA_FILE"),
        readable(environ, "KAFKA_SSL_CERTIFICATE_FILE"),
        readable(environ, "KAFKA_SSL_KEY_FILE"),
        secret(environ, "KAFKA_SSL_KEY_PASSWORD"),
    )
    if found.sasl and not (found.user and found.password):
        raise AccessError(
            f"KAFKA_SECURITY_PROTOCOL is {protocol}: it wants KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD (or "
            "KAFKA_SASL_PASSWORD_FILE)"
        )
    if found.user and not found.sasl:
        raise AccessError(
            f"KAFKA_SASL_USERNAME is set, but KAFKA_SECURITY_PROTOCOL is {protocol}: set SASL_SSL"
        )
    if found.ca and not found.tls:
        raise AccessError(
            f"KAFKA_SSL_CA_FILE is set, but KAFKA_SECURITY_PROTOCOL is {protocol}: set SSL or SASL_SSL"
        )
    if bool(found.certificate) != bool(found.key):
        raise AccessError("give both KAFKA_SSL_CERTIFICATE_FILE and KAFKA_SSL_KEY_FILE, or neither")
    return found


def librdkafka(bootstrap: str, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Settings of confluent-kafka's clients that say where Kafka is and how to get in.

    Args:
        bootstrap: ``host:port``, several with commas.

    Raises:
        AccessError: see `security`.
    """
    by = security(environ)
    settings: dict[str, Any] = {"bootstrap.servers": bootstrap}
    if by.protocol != "PLAINTEXT":
        settings["security.protocol"] = by.protocol
    if by.sasl:
        settings |= {
            "sasl.mechanism": by.mechanism,
            "sasl.username": by.user,
            "sasl.password": by.password,
        }
    if by.tls:
        files = {
            "ssl.ca.location": by.ca,
            "ssl.certificate.location": by.certificate,
            "ssl.key.location": by.key,
            "ssl.key.password": by.key_password,
        }
        settings |= {name: value for name, value in files.items() if value}
    return settings


def kafka_python(bootstrap: str, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The same for kafka-python's clients, as keyword arguments.

    Raises:
        AccessError: see `security`.
    """
    by = security(environ)
    settings: dict[str, Any] = {"bootstrap_servers": bootstrap.split(",")}
    if by.protocol != "PLAINTEXT":
        settings["security_protocol"] = by.protocol
    if by.sasl:
        settings |= {
            "sasl_mechanism": by.mechanism,
            "sasl_plain_username": by.user,
            "sasl_plain_password": by.password,
        }
    if by.tls:
        settings["ssl_context"] = by.context()
    return settings


def _one_of(name: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise AccessError(f"{name} is {given!r}; it must be one of {', '.join(allowed)}")
