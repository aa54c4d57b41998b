"""A shop that was trained on, with all that a training leaves."""

from pathlib import Path
from typing import Final

import pyarrow as pa

from advisor.insights.campaigns import Offer
from advisor.intake.events import canonical
from advisor.intake.mapping import as_proposed
from advisor.intake.reading import read
from advisor.training.training import Asked, Summary, train
from ebbwatch.settings import Settings
from tests.advisor.training.files import shop

FACTS: Final = Settings().model_copy(update={"horizon_days": 20, "inactivity_days": 40}).facts()
ASKED: Final = Asked(facts=FACTS, contestants=("logistic",), seed=3, offer=Offer(contact=2.0))


def trained(folder: Path, content: str | None = None, asked: Asked = ASKED) -> tuple[Summary, pa.Table]:
    """`events.parquet` and `contacts.parquet` in the folder, results in `results` below it."""
    (folder / "shop.csv").write_text(content or shop(1))
    found = read(folder / "shop.csv", folder / "rows.parquet")
    canonical(folder / "rows.parquet", found, as_proposed(found), folder)
    (folder / "results").mkdir()
    return train(folder / "events.parquet", folder / "results", asked)
