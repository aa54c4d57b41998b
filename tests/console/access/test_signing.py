"""Where a sign-in may lead to."""

import pytest

from console.access.signing import inside


@pytest.mark.parametrize("path", ["/", "/customers?tier=high", "/customer?user=a%2Fb"])
def test_pages_of_the_console(path: str) -> None:
    assert inside(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "customers",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "https://elsewhere.example",
        "/\nx",
        "javascript:x",
    ],
)
def test_nothing_else(path: str) -> None:
    assert inside(path) == "/"
