"""A test that is skipped in CI fails there, unless it needs what CI may lack."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

def test_passes(): pass
def test_no_services(): pytest.skip("no services")
@pytest.mark.docker
def test_no_engine(): pytest.skip("no engine")
@pytest.mark.real_data
def test_no_data(): pytest.skip("no data")
@pytest.mark.xfail
def test_known(): assert False
"""
MODULE = 'import pytest\npytest.skip("no library", allow_module_level=True)\n'
CONFTEST = Path(__file__).parent.parent / "conftest.py"


def run(folder: Path, ci: str, *arguments: str) -> tuple[int, str]:
    (folder / "conftest.py").write_text(CONFTEST.read_text())
    (folder / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n  docker: d\n  real_data: r\n  integration: i\n  mlflow: m\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, str(folder)]
    environ = os.environ | {"CI": ci}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, cwd=folder)
    return result.returncode, result.stdout


@pytest.mark.parametrize(
    ("ci", "code", "summary"),
    [("", 0, "1 passed, 3 skipped, 1 xfailed"), ("true", 1, "1 failed, 1 passed, 2 skipped, 1 xfailed")],
)
def test_skipped_tests(tmp_path: Path, ci: str, code: int, summary: str) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    found, output = run(tmp_path, ci)
    assert summary in output
    assert found == code
    assert ("nothing may be left out: Skipped: no services" in output) == bool(ci)


def test_mlflow_runs_only_where_it_is_named_and_does_not_skip_there(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(
        "import pytest\n\ndef test_passes(): pass\n"
        '@pytest.mark.mlflow\ndef test_no_client(): pytest.skip("no client")\n'
    )
    code, output = run(tmp_path, "true")
    assert (code, "1 passed, 1 deselected" in output) == (0, True), output
    code, output = run(tmp_path, "true", "-m", "mlflow")
    assert (code, "1 failed, 1 deselected" in output) == (1, True), output


@pytest.mark.parametrize(("ci", "fails"), [("", False), ("true", True)])
def test_skipped_modules(tmp_path: Path, ci: str, fails: bool) -> None:
    (tmp_path / "test_module.py").write_text(MODULE)
    found, output = run(tmp_path, ci)
    assert ("1 error" in output) == fails
    assert (found in (1, 2)) == fails
