"""What stands in the audit log."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from api.access.audit import entry
from domain.control import ApiKey

KEY = ApiKey(id="3e06", name="crm", digest="d" * 64, scopes=("admin", "read"), created=1)


def scope(method: str, *scopes: str, key: ApiKey | None = KEY) -> dict[str, Any]:
    state = {"scopes": frozenset(scopes)} | ({"key": key} if key else {})
    route = SimpleNamespace(path="/v1/users/{user_id}")
    return {"method": method, "state": state, "route": route, "client": ("127.0.0.1", 5)}


@pytest.mark.parametrize(
    ("method", "scopes", "stands"),
    [
        ("DELETE", ("admin",), True),
        ("GET", ("admin",), True),
        ("POST", ("alerts",), True),
        ("GET", ("alerts",), False),
        ("POST", ("ingest",), False),
        ("POST", ("read",), False),
    ],
)
def test_decisions_and_calls_of_administrators(method: str, scopes: tuple[str, ...], stands: bool) -> None:
    assert (entry(scope(method, *scopes), "r1", 200, 9) is not None) == stands


def test_it_names_key_and_route_but_neither_user_nor_secret() -> None:
    line = entry(scope("DELETE", "admin"), "r1", 202, 9)
    assert line is not None
    assert msgspec.json.decode(line) == {
        "at": 9, "request": "r1", "key": "3e06", "name": "crm", "method": "DELETE", "route": "/v1/users/{user_id}",
        "status": 202, "client": "127.0.0.1",
    }  # fmt: skip
    assert KEY.digest.encode() not in line


def test_a_refused_call_stands_there_too() -> None:
    line = entry(scope("DELETE", "admin", key=None), "r1", 401, 9)
    assert line is not None
    assert msgspec.json.decode(line)["key"] is None
