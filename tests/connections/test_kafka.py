"""Kafka's security settings, in the words of each client."""

from pathlib import Path

import pytest

from connections.errors import AccessError
from connections.kafka import Security, kafka_python, librdkafka, security

SASL = {
    "KAFKA_SECURITY_PROTOCOL": "sasl_plaintext",
    "KAFKA_SASL_USERNAME": "u",
    "KAFKA_SASL_PASSWORD": "hidden",
}


def test_nothing_set_is_a_plain_connection() -> None:
    assert librdkafka("a:1,b:2", {}) == {"bootstrap.servers": "a:1,b:2"}
    assert kafka_python("a:1,b:2", {}) == {"bootstrap_servers": ["a:1", "b:2"]}


def test_both_libraries_are_told_the_same() -> None:
    assert librdkafka("a:1", SASL) == {
        "bootstrap.servers": "a:1", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "u", "sasl.password": "hidden",
    }  # fmt: skip
    assert kafka_python("a:1", SASL) == {
        "bootstrap_servers": ["a:1"], "security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "u", "sasl_plain_password": "hidden",
    }  # fmt: skip


def test_a_password_is_not_shown() -> None:
    assert "hidden" not in repr(security(SASL))
    assert "hidden" not in repr(Security(key_password="hidden"))


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "must be one of PLAINTEXT"),
        ({"KAFKA_SASL_MECHANISM": "GSSAPI"}, "must be one of SCRAM"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "wants KAFKA_SASL_USERNAME"),
        ({"KAFKA_SASL_USERNAME": "u"}, "set SASL_SSL"),
        ({"KAFKA_SSL_CA_FILE": __file__}, "set SSL or SASL_SSL"),
        ({"KAFKA_SSL_CERTIFICATE_FILE": __file__}, "or neither"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(environ: dict[str, str], said: str) -> None:
    with pytest.raises(AccessError, match=said):
        security(environ)


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    environ = {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CA_FILE": str(tmp_path / "ca.pem")}
    with pytest.raises(AccessError, match="KAFKA_SSL_CA_FILE"):
        kafka_python("a:1", environ)
