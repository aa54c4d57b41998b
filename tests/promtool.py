"""`promtool check metrics` over what a process tells."""

import shutil
import subprocess

import pytest


def require_clean_metrics(text: str) -> None:
    """Promtool finds nothing; skips the test where it is not installed."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    command = ["promtool", "check", "metrics"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, ""), text
