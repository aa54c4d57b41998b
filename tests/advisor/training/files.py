"""A shop of which some customers come often, some seldom, and some stop."""

import csv
import datetime as dt
import io
from pathlib import Path
from random import Random

from advisor.intake.events import canonical
from advisor.intake.mapping import as_proposed
from advisor.intake.reading import read

BEGIN = dt.datetime(2023, 1, 2, 9, tzinfo=dt.UTC)
DAYS = 200


def shop(seed: int, customers: int = 110) -> str:
    """CSV: customer, date, total, channel, mail."""
    chance = Random(seed)
    rows = []
    for number in range(customers):
        pace = chance.choice((4, 9, 20))
        at, end = chance.uniform(0, 50), chance.choice((DAYS, DAYS, chance.uniform(60, DAYS)))
        while at < end:
            when = BEGIN + dt.timedelta(days=at)
            rows.append(
                (f"c{number:03d}", when, f"{chance.uniform(5, 80):.2f}", chance.choice(("shop", "web")))
            )
            at += chance.expovariate(1 / pace) + 0.1
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("customer", "date", "total", "channel", "email"))
    for user, when, total, channel in sorted(rows, key=lambda row: row[1]):
        writer.writerow((user, when.strftime("%Y-%m-%d %H:%M:%S"), total, channel, f"{user}@example.org"))
    return out.getvalue()


def prepared(folder: Path, content: str) -> Path:
    """A CSV, read, taken as it seems, and made events of; the folder."""
    (folder / "shop.csv").write_text(content, encoding="utf-8")
    found = read(folder / "shop.csv", folder / "rows.parquet")
    canonical(folder / "rows.parquet", found, as_proposed(found), folder)
    return folder
