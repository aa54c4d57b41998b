"""Active users by day and week, counted by hand."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

from batch_jobs.star.active import DAILY_ACTIVE, WEEKLY_ACTIVE, daily_active, weekly_active
from batch_jobs.star.reading import star_at
from batch_jobs.star.schema import DIMENSIONS
from tests.batch_jobs.star import slow
from tests.batch_jobs.star.archives import Archive, day, ordered, plain
from tests.batch_jobs.star.happened import DAY, SETTINGS, Kind, many


def test_users_count_once_a_day_and_once_a_week(tmp_path: Path) -> None:
    happened = many(Random(3), Kind(), 60)
    archive = Archive(tmp_path, SETTINGS)
    archive.add(happened)
    end = max(h.time for h in happened) // DAY * DAY + DAY
    archive.refresh(day(end))
    expected = slow.star(happened, end, SETTINGS)
    manifest = archive.tables.manifest()
    assert manifest is not None
    engine = archive.engine()
    with star_at(archive.tables, manifest, engine, day(end), SETTINGS) as star:
        by_day = plain(engine.rows(daily_active(star)), DAILY_ACTIVE)
        by_week = plain(engine.rows(weekly_active(star)), WEEKLY_ACTIVE)
    engine.close()
    assert by_day == counted(expected, "day", lambda number: number)
    assert by_week == counted(expected, "week", monday)


def monday(number: int) -> int:
    at = date(1970, 1, 1) + timedelta(days=number)
    return number - at.weekday()


def counted(star: slow.Tables, name: str, span: object) -> list[slow.Row]:
    assert callable(span)
    people = {row["user"]: row for row in star["users"]}
    found: dict[tuple[object, ...], set[str]] = {}
    for row in star["daily"]:
        if row["activities"]:
            own = people[row["user"]]
            cell = (span(row["day"]), *(own[label] for label in DIMENSIONS))
            found.setdefault(cell, set()).add(row["user"])
    return ordered(
        [
            {
                name: cell[0],
                **dict(zip(DIMENSIONS, cell[1:], strict=True)),
                "users": len(users),
                "new_users": sum(span(people[user]["origin"] // DAY) == cell[0] for user in users),
            }
            for cell, users in found.items()
        ]
    )
