"""A file that was trained on once, for all tests of this folder; they change nothing in it."""

from pathlib import Path

import pytest

from tests.advisor.training.kept import trained


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder as of a workspace: events, contact fields and results."""
    return trained(tmp_path_factory).folder
