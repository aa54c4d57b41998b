"""Content negotiation."""

import pytest

from api.alerts.media import chosen

OFFERED = ("application/json", "application/x-ndjson", "text/csv")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/json"),
        ("", None),
        ("text/csv", "text/csv"),
        ("TEXT/CSV;q=0.5, application/x-ndjson;q=0.8", "application/x-ndjson"),
        ("text/*, application/json;q=0.2", "text/csv"),
        ("application/json;q=0, */*;q=0.1", "application/x-ndjson"),
        ("image/png", None),
        ("text/csv;q=x", None),
    ],
)
def test_the_heaviest_acceptable_type(accept: str, expected: str | None) -> None:
    assert chosen(accept, OFFERED) == expected
