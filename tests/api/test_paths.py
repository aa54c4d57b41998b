"""Ids in paths."""

import pytest

from api.paths import decoded


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("user-17", "user-17"),
        ("a%2Fb", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("%C3%A4", "ä"),
        ("a%20b", "a b"),
        ("a+b", "a+b"),
    ],
)
def test_is_decoded_once(sent: str, meant: str) -> None:
    assert decoded(sent) == meant


@pytest.mark.parametrize("sent", ["", "%00", "a%00b", "%FF", "%C0%80", "%ED%A0%80", "x" * 129])
def test_what_is_no_id_is_refused(sent: str) -> None:
    with pytest.raises(ValueError, match=r"^(has|is) "):
        decoded(sent)


def test_look_alikes_stay_apart() -> None:
    assert decoded("%D0%B0") != decoded("a")  # Cyrillic a
