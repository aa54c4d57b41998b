"""A shop that was trained on, with all that a training leaves."""

from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pytest

from advisor.insights.campaigns import Offer
from advisor.intake.canonical import Canonical
from advisor.intake.described import Described
from advisor.intake.events import canonical
from advisor.intake.mapping import Mapping, as_proposed
from advisor.intake.reading import read
from advisor.training.training import Asked, Summary, train
from ebbwatch.settings import Settings
from tests.advisor.training.files import shop

FACTS: Final = Settings().model_copy(update={"horizon_days": 20, "inactivity_days": 40}).facts()
ASKED: Final = Asked(facts=FACTS, contestants=("logistic",), seed=3, offer=Offer(contact=2.0))


class Trained(NamedTuple):
    """What came of it. Tests change nothing in the folder."""

    folder: Path
    """As of a workspace: rows, events, contact fields, and `results`."""
    described: Described
    mapping: Mapping
    told: Canonical
    summary: Summary
    table: pa.Table


_once: Final[list[Trained]] = []


def trained(factory: pytest.TempPathFactory) -> Trained:
    """The same for all tests of a process, since it takes seconds."""
    if not _once:
        folder = factory.mktemp("trained")
        (folder / "shop.csv").write_text(shop(1))
        described = read(folder / "shop.csv", folder / "rows.parquet")
        mapping = as_proposed(described)
        told = canonical(folder / "rows.parquet", described, mapping, folder)
        (folder / "results").mkdir()
        summary, table = train(folder / "events.parquet", folder / "results", ASKED)
        _once.append(Trained(folder, described, mapping, told, summary, table))
    return _once[0]
