"""The key: made once, for its owner's eyes only."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from online_model.registry.errors import KeyFileError
from online_model.registry.key import KEY_FILE, registry_key


def test_it_is_made_once_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    key = registry_key(home, None, create=True)
    assert len(key) == 64
    assert stat.S_IMODE((home / KEY_FILE).stat().st_mode) == 0o600
    assert registry_key(home, "", create=False) == key
    assert registry_key(tmp_path / "another", None, create=True) != key
    assert [p.name for p in home.iterdir()] == [KEY_FILE]


def test_the_setting_wins(tmp_path: Path) -> None:
    registry_key(tmp_path, None, create=True)
    assert registry_key(tmp_path, "sixteen letters!", create=True) == b"sixteen letters!"


def test_many_at_once_make_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: registry_key(tmp_path, None, create=True), range(32)))) == 1


def test_none_is_made_for_who_only_reads(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="copy it from where the trainer runs"):
        registry_key(tmp_path, None, create=False)
    assert not list(tmp_path.iterdir())


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    registry_key(tmp_path, None, create=True)
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        registry_key(tmp_path, None, create=True)


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="5 characters"):
        registry_key(tmp_path, "short", create=True)
    (tmp_path / KEY_FILE).touch(0o600)
    with pytest.raises(KeyFileError, match="0 characters"):
        registry_key(tmp_path, None, create=True)
