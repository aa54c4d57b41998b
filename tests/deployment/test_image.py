"""What the image is made of: everything that runs, and nothing else."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.deployment.compose import ROOT, services

ROOMS = sorted(
    path.parent.name
    for path in ROOT.glob("*/__init__.py")
    if path.parent.name not in ("tests", "benchmarks", "checks")
)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `docker build` sends to the engine."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert (lines[0], lines[-1]) == ("*", "**/__pycache__")
    folder = tmp_path_factory.mktemp("context")
    for line in lines[1:-1]:
        assert line.startswith("!"), "it lists what is taken"
        source, target = ROOT / line[1:], folder / line[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder


def test_the_image_has_every_room_with_all_of_its_files(context: Path) -> None:
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", "made", "."],
        cwd=context, check=True, env=os.environ | {"PYTHONPATH": ""},
    )  # fmt: skip
    (wheel,) = (context / "made").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if not name.startswith("ebbwatch-")}
    assert {name.split("/")[0] for name in packed} == set(ROOMS)
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.name != ".gitkeep":
                assert str(path.relative_to(ROOT)) in packed, path


def test_nothing_else_is_sent_to_the_engine(context: Path) -> None:
    beside = {"README.md", "LICENSE", "pyproject.toml", "requirements", "made", "build"}
    found = {path.name for path in context.iterdir() if not path.name.endswith(".egg-info")}
    assert found - beside == set(ROOMS)


def test_its_last_stage_runs_as_the_user_of_the_compose_file() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert [line for line in last if line.startswith("USER ")] == [f"USER {services('')['worker']['user']}"]
    assert last.index("USER 10001:10001") > max(
        i for i, line in enumerate(last) if line.startswith(("COPY ", "RUN "))
    )
    assert not any("ARG " in line or "SECRET" in line for line in lines), "nothing secret comes into a layer"
    bases = {line.split()[1] for line in lines if line.startswith("FROM ")}
    assert bases == {"python:3.11.14-slim-bookworm"}


def test_hadolint_has_nothing_to_say() -> None:
    program = Path(sys.executable).parent / "hadolint"
    said = subprocess.run(
        [str(program), str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stdout
    assert not said.stdout
