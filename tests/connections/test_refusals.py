"""Who is not let in, and who is only away."""

import ssl

import pytest
from redis import exceptions as redis_errors

from connections import refusals


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (redis_errors.AuthenticationError("WRONGPASS"), "REDIS_PASSWORD"),
        (redis_errors.NoPermissionError("no permissions"), "users.acl"),
        (redis_errors.MovedError("1 127.0.0.1:7001"), "REDIS_CLUSTER=true"),
        (
            redis_errors.RedisClusterException("Cluster mode is not enabled on this node"),
            "unset REDIS_CLUSTER",
        ),
        (ssl.SSLCertVerificationError(1, "self-signed"), "REDIS_SSL_CA_FILE"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong"), "no TLS"),
    ],
)
def test_redis_is_there_and_refuses(fault: Exception, named: str) -> None:
    assert named in str(refusals.of_redis(fault))
    wrapped = redis_errors.ConnectionError("wrapped")
    wrapped.__cause__ = fault
    assert named in str(refusals.of_redis(wrapped))


@pytest.mark.parametrize(
    "fault",
    [
        redis_errors.ConnectionError("refused"),
        redis_errors.TimeoutError(),
        redis_errors.BusyLoadingError("loading"),
        ssl.SSLEOFError(8, "EOF occurred"),
        ConnectionResetError(),
        redis_errors.RedisClusterException("no node"),
    ],
)
def test_redis_is_away_and_waited_for(fault: Exception) -> None:
    assert refusals.of_redis(fault) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("b: SASL authentication error: Authentication failed during authentication", "KAFKA_SASL_PASSWORD"),
        (
            "b: SASL PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism",
            "KAFKA_SASL_MECHANISM",
        ),
        ("b: SSL handshake failed: certificate verify failed", "KAFKA_SSL_CA_FILE"),
        ("b: SSL handshake failed: wrong version number", "KAFKA_SECURITY_PROTOCOL"),
    ],
)
def test_kafka_is_there_and_refuses(text: str, named: str) -> None:
    assert named in str(refusals.of_kafka(text))


def test_kafka_is_away() -> None:
    assert refusals.of_kafka("b: Connect to ipv4#127.0.0.1:9 failed: Connection refused") is None
    assert refusals.of_kafka(TimeoutError()) is None
