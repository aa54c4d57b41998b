"""User ids in paths: decoded once, and refused with a clear word."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.paths import decoded
from api.problems import ProblemError


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=128))
def test_every_id_comes_back_from_its_encoded_form(user: str) -> None:
    assert decoded(quote(user, safe="")) == user


def test_it_is_decoded_once() -> None:
    assert decoded("a%252Fb") == "a%2Fb"
    assert decoded("a%2Fb") == "a/b"
    assert decoded("100%") == "100%"


@pytest.mark.parametrize(
    "segment", ["", "%00", "a%00b", "%FF", "%C3", "%ED%A0%80", "a" * 129, "%C3%A9" * 129]
)
def test_what_is_no_id_is_refused_without_repeating_it(segment: str) -> None:
    with pytest.raises(ProblemError) as refused:
        decoded(segment)
    assert (refused.value.status, refused.value.kind) == (422, "invalid_user")
    assert not segment or segment not in refused.value.detail
