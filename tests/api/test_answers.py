"""Schemas of answers stand alone, and an ETag saves the body."""

import msgspec
import pytest
from starlette.requests import Request

from api.answers import returns, schema_of, tagged
from api.people.examples import ALL_EXAMPLES
from profiles.answers import RiskAnswer


def request(**headers: str) -> Request:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": pairs})


@pytest.mark.parametrize("example", ALL_EXAMPLES, ids=lambda example: type(example).__name__)
def test_examples_are_what_the_schema_says(example: msgspec.Struct) -> None:
    kind = type(example)
    assert msgspec.json.decode(msgspec.json.encode(example), type=kind) == example
    assert "$ref" not in str(schema_of(kind))
    assert returns(kind, example)[200]["content"]["application/json"]["example"] == msgspec.to_builtins(
        example
    )


def test_an_etag_is_the_bodys() -> None:
    (risk,) = (one for one in ALL_EXAMPLES if isinstance(one, RiskAnswer))
    first = tagged(request(), risk)
    assert first.status_code == 200
    tag = first.headers["etag"]
    assert tagged(request(if_none_match=f'"x", W/{tag}'), risk).status_code == 304
    assert tagged(request(if_none_match='"x"'), risk).body == first.body
    other = msgspec.structs.replace(risk, score=0.1)
    assert tagged(request(if_none_match=tag), other).status_code == 200
