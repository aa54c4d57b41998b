"""Every column of the star has its meaning in words, and no other."""

from batch_jobs.star import active
from batch_jobs.star.meanings import ABOUT, MEANINGS
from batch_jobs.star.schema import DIMENSIONS, TABLES


def test_every_column_is_explained() -> None:
    assert MEANINGS.keys() == ABOUT.keys() == TABLES.keys()
    for name, columns in TABLES.items():
        assert sorted(MEANINGS[name]) == sorted(columns.names), name
    for columns in (active.DAILY_ACTIVE, active.WEEKLY_ACTIVE):
        assert set(columns.names) <= {*DIMENSIONS, *active.MEANINGS}
