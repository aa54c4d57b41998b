"""Registries to be published into."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.settings import FactSettings
from online_model.registry.manifest import Training
from online_model.registry.registry import Registry
from tests.online_model.registry.published import KEY

DAY = 86_400_000


@pytest.fixture(params=["folder", "memory"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A local folder, and a store that is none."""
    return str(tmp_path / "registry") if request.param == "folder" else f"memory://{uuid.uuid4().hex}"


@pytest.fixture
def registry(address: str) -> Registry:
    made = Registry(address, KEY)
    made.prepare()
    return made


@pytest.fixture
def training() -> Callable[..., Training]:
    """What a version is, trained up to so many days after the start."""

    def trained(days: int = 1, name: str = "logistic", lineage: str = "00112233445566aa") -> Training:
        return Training(
            name=name,
            kind="logistic",
            lineage=lineage,
            facts=FactSettings(session_types=("ping",)),
            model_settings={"rate": 0.05, "bins": 15, "mean": True},
            seed=7,
            first_snapshot_ms=1_600_000_000_000,
            last_snapshot_ms=1_600_000_000_000 + days * DAY,
            last_due_ms=1_602_678_400_000 + days * DAY,
            examples=1000 * days,
            metrics={"log_loss": 0.41, "roc_auc": float("nan")},
        )

    return trained
