"""Random lives: many users at once, since a run costs the same for few."""

from random import Random

from hypothesis import strategies as st

from tests.batch_jobs.cohorts.lives import Day, Life

DAYS = 100


def _day(random: Random) -> Day:
    active = random.random() < 0.8
    return Day(
        active=active,
        spent=random.choice([0, 0, 0, 5, 20]),
        renewed=random.choice([0, 0, 10]),
        refunded=random.choice([0, 0, 0, 7]),
        sessions=random.randrange(4),
        session_ms=random.randrange(100_000),
        conversions=random.choice([0, 0, 1]),
        trial=random.random() < 0.2,
        cancelled=random.random() < 0.1,
        plan=random.choice([None, "free", "pro"]),
        platform=random.choice([None, "web", "ios"]),
        uses={
            name: random.randrange(1, 4)
            for name in ("search", "export", "share")
            if active and random.random() < 0.2  # a use is an activity
        },
    )


def _life(random: Random) -> Life:
    first = random.randrange(DAYS)
    every = random.choice([1, 3, 10, 40])
    days = {d for d in range(first, DAYS) if random.random() < 1 / every}
    return Life(
        days={d: _day(random) for d in sorted(days)},
        signup=random.choice([None, first, random.randrange(DAYS)]),
        channel=random.choice([None, "ads", "ads", "search", "friend"]),
        plan=random.choice([None, "free", "pro", ""]),
        geography=random.choice([None, "de"]),
    )


def lives_of(random: Random, users: int) -> list[Life]:
    return [_life(random) for _ in range(users)]


histories = st.builds(lives_of, st.randoms(use_true_random=False), st.integers(0, 30))
