"""What processes that were killed have left goes when the next one begins."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.scratch import claimed


def test_only_folders_of_processes_that_run_no_more_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    names = (f"ours-{gone.pid}-x", f"ours-{os.getpid()}-x", "ours-abc", f"others-{gone.pid}-x")
    for name in names:
        (tmp_path / name).mkdir()
    folder = claimed("ours-")
    assert folder.name.startswith(f"ours-{os.getpid()}-")
    assert {path.name for path in tmp_path.iterdir()} == {*names[1:], folder.name}
