"""What an erasure, and what is taken away after it, change in Redis."""

from control import tables
from control.effects import effects, removal
from domain.control import Erasure, Note, key_of

NOTE = Note(id="n1", user="a/b", text="x", by="me", at=1)


def test_an_erasure_is_known_by_hash_alone_and_is_to_be_carried_out_on_the_ledger() -> None:
    erasure = Erasure(id="0123456789abcdef", at=5, by="me", until=7)
    assert effects(erasure) == [
        ("HSET", tables.ERASED, erasure.id, 5),
        ("HSET", tables.TO_FORGET, erasure.id, 7),
    ]
    assert key_of(erasure) == b"erasure/0123456789abcdef"


def test_what_was_said_of_a_user_goes_with_its_key() -> None:
    assert removal(key_of(NOTE)) == [("HDEL", tables.of_user("a/b"), "note/n1")]
