"""Keys of the topic `control`."""

import msgspec

from domain.control import decode, encode, key_of
from tests.domain.alert_samples import step


def test_a_repeat_by_another_run_has_a_key_of_its_own() -> None:
    """Else compaction would put it in the place of the first, and its number in the feed would move."""
    first, second = (msgspec.structs.replace(step("released"), run=run) for run in ("r1", "r2"))
    assert key_of(first) == b"step/aaaaaaaaaaaaaaaa.released.r1/ann"
    assert key_of(second) != key_of(first)
    assert first.id == second.id


def test_a_user_ends_the_key_whatever_it_holds() -> None:
    assert key_of(step("released", user="a/b.c")) == b"step/aaaaaaaaaaaaaaaa.released/a/b.c"
    assert decode(encode(step("released", user="a/b.c"))) == step("released", user="a/b.c")
