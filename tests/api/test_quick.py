"""Which requests take the quick way; that it answers as the long one is held by `test_api_users`."""

from typing import Any

import pytest

from api.quick import wanted


def scope(path: str, method: str = "GET") -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path}


@pytest.mark.parametrize("id_", ["u0000250", "ü-17", "a b", "risk", "x" * 128])
def test_plain_ids_do(id_: str) -> None:
    assert wanted(scope(f"/v1/users/{id_}/risk")) == id_


@pytest.mark.parametrize(
    "path",
    [
        "/v1/users/risk", "/v1/users//risk", "/v1/users/a/b/risk", "/v1/users/a%2Fb/risk", "/v1/users/a%25/risk",
        "/v1/users/a\0/risk", "/v1/users/\ufffd/risk", "/v1/users/" + "x" * 129 + "/risk", "/v1/users/a/risk/",
        "/v1/users/a", "/v1/users/a/risks", "/v1/user/a/risk", "/",
    ],
)  # fmt: skip
def test_whatever_else_does_not(path: str) -> None:
    assert wanted(scope(path)) is None


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "DELETE"])
def test_only_reads_do(method: str) -> None:
    assert wanted(scope("/v1/users/a/risk", method)) is None


def test_only_http_does() -> None:
    assert wanted({"type": "websocket", "path": "/v1/users/a/risk"}) is None
