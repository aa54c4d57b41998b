"""Secrets by file."""

from pathlib import Path

import pytest

from connections.errors import AccessError
from connections.secrets import readable, secret
from ebbwatch.settings import SECRETS, Settings


def test_a_file_stands_for_the_variable(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(" pass word\n")
    assert secret({"X_FILE": str(file)}, "X") == " pass word"
    assert secret({"X": "direct", "X_FILE": ""}, "X") == "direct"
    assert secret({"X": ""}, "X") is None


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="X and X_FILE are both set"):
        secret({"X": "a", "X_FILE": "b"}, "X")
    with pytest.raises(AccessError, match=r"X_FILE: cannot read .*none: No such file"):
        secret({"X_FILE": str(tmp_path / "none")}, "X")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(AccessError, match="no text"):
        secret({"X_FILE": str(tmp_path / "bytes")}, "X")
    with pytest.raises(AccessError, match="X: cannot read"):
        readable({"X": str(tmp_path / "none")}, "X")


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_setting_takes_a_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_text("from the file\n")
    monkeypatch.setenv(f"EBBWATCH_{name.upper()}_FILE", str(tmp_path / name))
    assert getattr(Settings(), name) == "from the file"
    monkeypatch.setenv(f"EBBWATCH_{name.upper()}", "direct")
    with pytest.raises(AccessError, match="keep one of them"):
        Settings()


def test_whatever_sounds_secret_is_one() -> None:
    suspicious = [
        name for name in Settings.model_fields if any(w in name for w in ("secret", "key", "hook", "url"))
    ]
    assert set(suspicious) <= {*SECRETS, "public_url", "webhook_private", "webhook_retries"} | {
        name for name in suspicious if name.startswith("webhook_")
    }
