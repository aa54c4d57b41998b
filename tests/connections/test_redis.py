"""Redis's address."""

from pathlib import Path

import pytest
from redis.connection import parse_url

from connections.errors import AccessError
from connections.redis import address, apart, shown


def test_the_url_says_all(tmp_path: Path) -> None:
    ca = tmp_path / "c a.pem"
    ca.touch()
    environ = {
        "REDIS_URL": "rediss://host:7000/0",
        "REDIS_USERNAME": "worker",
        "REDIS_PASSWORD": "a/b:c@d%",
        "REDIS_SSL_CA_FILE": str(ca),
        "REDIS_CLUSTER": "true",
    }
    url = address(environ)
    assert url is not None
    plain, cluster = apart(url)
    assert cluster
    found = parse_url(plain)  # type: ignore[no-untyped-call]
    assert (found["host"], found["port"], found["username"], found["password"], found["ssl_ca_certs"]) == (
        "host", 7000, "worker", "a/b:c@d%", str(ca),
    )  # fmt: skip


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:6379/3", "redis://u:p@h:1/0?health_check_interval=3", "unix:///s"]
)
def test_a_url_alone_stays_as_it_is(url: str) -> None:
    assert address({"REDIS_URL": url}) == url
    assert apart(url) == (url, False)


def test_a_password_in_the_url_comes_first() -> None:
    assert address({"REDIS_URL": "redis://u:p@h:1/0", "REDIS_PASSWORD": "q"}) == "redis://u:p@h:1/0"
    assert address({"REDIS_URL": "redis://u@h:1/0", "REDIS_PASSWORD": "q"}) == "redis://u:q@h:1/0"
    assert address({}) is None


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(AccessError, match="rediss://"):
        address({"REDIS_URL": "redis://h:1/0", "REDIS_SSL_CA_FILE": __file__})
    with pytest.raises(AccessError, match="true or false"):
        address({"REDIS_URL": "redis://h:1/0", "REDIS_CLUSTER": "three"})


def test_nothing_secret_is_shown() -> None:
    assert shown("rediss://u:hidden@h:1/2?ssl_ca_certs=/ca.pem") == "rediss://u@h:1/2"
    assert shown("redis://:hidden@h:1/2") == "redis://h:1/2"
    assert shown("unix://:hidden@/run/r.sock?db=1") == "unix:///run/r.sock"
    assert shown("127.0.0.1:9092") == "127.0.0.1:9092"
