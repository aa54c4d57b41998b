"""Ids in paths."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.envelope import routed
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


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufffd"), min_size=1, max_size=128))
def test_every_id_comes_back_from_its_encoded_form(user: str) -> None:
    assert decoded(routed(quote(user, safe="").encode())) == user


def test_look_alikes_stay_apart() -> None:
    assert decoded("%D0%B0") != decoded("a")  # Cyrillic a
