"""Redis's users."""

import hashlib
from pathlib import Path

import pytest

from local_stack.redis.users import NOBODY, acl, main, rights


def test_passwords_stand_by_their_hash_and_nobody_else_may_do_anything() -> None:
    text = acl({"worker": "hidden"})
    first, second = text.splitlines()
    assert first == NOBODY
    assert second.startswith(f"user worker on #{hashlib.sha256(b'hidden').hexdigest()} resetkeys")
    assert "hidden" not in text
    with pytest.raises(KeyError):
        acl({"stranger": "x"})


def test_only_the_operator_may_write_beside_its_own_keys() -> None:
    for name, rules in rights().items():
        assert "-@all" in rules.split(), name
        written = [rule for rule in rules.split() if rule.startswith("~")]
        assert ("~ebbwatch:*" in written) == (name == "operator")
    assert not [rule for rule in rights()["reader"].split() if rule.startswith("~")]


def test_the_file_is_made_of_docker_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "worker").write_text("one\n")
    (tmp_path / "unrelated").write_text("two\n")
    main(tmp_path)
    assert capsys.readouterr().out == acl({"worker": "one"})
