"""Which faults of the clients mean that the server is there and does not let us in, and what to do about each.

A server that is away comes back, and is waited for; a wrong password stays wrong, and waiting would hide it.
"""

import ssl
from collections.abc import Iterator
from typing import Final

from redis import exceptions as redis_errors

from connections.errors import AccessError

_PASSING: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError, ssl.SSLWantReadError)
"""Faults of TLS that a server which dies or starts leaves behind."""


def of_redis(fault: BaseException) -> AccessError | None:
    """What to do, if Redis has refused; None if it is away, or something else is wrong."""
    for one in _causes(fault):
        text = str(one)
        match one:
            case redis_errors.AuthenticationError():
                what = (
                    "Redis does not accept user and password: set REDIS_USERNAME and REDIS_PASSWORD (or "
                    "REDIS_PASSWORD_FILE), or put both into REDIS_URL"
                )
            case redis_errors.NoPermissionError():
                what = (
                    "the Redis user lacks a right: give it what its process needs, as local_stack/redis/users.acl "
                    "lists it, and load it with ACL LOAD"
                )
            case redis_errors.MovedError():
                what = "Redis is a cluster: set REDIS_CLUSTER=true"
            case redis_errors.RedisClusterException() if "Cluster mode is not enabled" in text:
                what = "Redis is no cluster: unset REDIS_CLUSTER"
            case ssl.SSLError() if found := _of_tls(one, "Redis", "REDIS_SSL_CA_FILE", "REDIS_URL"):
                what = found
            case _:
                continue
        return AccessError(f"{what} ({text})")
    return None


def of_kafka(fault: BaseException | str) -> AccessError | None:
    """The same for Kafka, from an exception of any client or the text of an error of librdkafka."""
    for one in [fault] if isinstance(fault, str) else _causes(fault):
        text = str(one)
        plain = f"{type(one).__name__} {text}".lower().replace("_", " ")
        if isinstance(one, ssl.SSLError):
            what = _of_tls(one, "Kafka", "KAFKA_SSL_CA_FILE", "KAFKA_SECURITY_PROTOCOL")
        elif "certificate verify failed" in plain or "certificate is not" in plain:
            what = _untrusted("Kafka", "KAFKA_SSL_CA_FILE", "KAFKA_BOOTSTRAP_SERVERS")
        elif "wrong version number" in plain or "packet length too long" in plain:
            what = _no_tls("Kafka", "KAFKA_SECURITY_PROTOCOL")
        elif any(word in plain for word in _LOCKED_OUT):
            what = (
                "Kafka does not accept user and password: set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD (or "
                "KAFKA_SASL_PASSWORD_FILE), and KAFKA_SASL_MECHANISM as the broker has it"
            )
        elif "authorization failed" in plain or "authorizationfailed" in plain:
            what = "the Kafka user lacks a right: docs/operations.md lists the ACLs that each process needs"
        else:
            continue
        if what:
            return AccessError(f"{what} ({text})")
    return None


_LOCKED_OUT: Final = (
    "sasl authentication error",
    "saslauthenticationfailed",
    "authenticationfailed",
    "authentication failed",
    "authentication failure",
    "unsupported sasl mechanism",
    "unsupportedsaslmechanism",
)


def _of_tls(fault: ssl.SSLError, server: str, ca: str, address: str) -> str:
    if isinstance(fault, _PASSING):
        return ""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return _untrusted(server, ca, address)
    if "CERTIFICATE" in str(fault).upper():
        return (
            f"{server} does not accept our certificate: look at {ca.replace('CA_FILE', 'CERTIFICATE_FILE')}"
        )
    return _no_tls(server, address)


def _untrusted(server: str, ca: str, address: str) -> str:
    return (
        f"{server}'s certificate is not to be trusted: set {ca} to the authority that signed it, and name the server "
        f"in {address} as its certificate does"
    )


def _no_tls(server: str, address: str) -> str:
    return f"{server} speaks no TLS at that port: look at {address}"


def _causes(fault: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = fault
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
