"""Users of known kinds."""

from datetime import date, timedelta
from random import Random

from tests.batch_jobs.rows import Day, active

AS_OF = date(2024, 6, 1)
KINDS = ("power", "looker", "once", "fading", "casual")


def kind_of(user: str) -> str:
    return user.split("-", maxsplit=1)[0]


def crowd(each: int, seed: int, as_of: date = AS_OF) -> list[Day]:
    """Days of so many users of each kind before the as-of."""
    chance = Random(seed)
    return [
        row
        for kind in KINDS
        for number in range(each)
        for row in _days(kind, f"{kind}-{number}", as_of, chance)
    ]


def _days(kind: str, user: str, as_of: date, chance: Random) -> list[Day]:
    def buys() -> dict[str, int]:
        return {"orders": 1, "spent": chance.randrange(2_000, 6_000)}

    if kind == "once":
        return [active(user, as_of - timedelta(chance.randrange(50, 85)))]
    if kind == "fading":
        gone = [n for n in range(35, 90) if chance.random() < 0.5]
        return [active(user, as_of - timedelta(n), **(buys() if chance.random() < 0.2 else {})) for n in gone]
    share = {"power": 0.7, "looker": 0.4, "casual": 0.12}[kind]
    days = sorted({chance.randrange(1, 9), *(n for n in range(1, 90) if chance.random() < share)})
    often = {"power": 0.4, "looker": 0.0, "casual": 0.35}[kind]
    return [active(user, as_of - timedelta(n), **(buys() if chance.random() < often else {})) for n in days]
