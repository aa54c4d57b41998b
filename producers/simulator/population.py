"""Who the users are before anything happens: latent habits, drawn once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from producers.simulator import vocabulary as words
from producers.simulator.calendar import EVENING, OFFICE
from producers.simulator.chance import below, choose, exp, exponential, log, uniform
from producers.simulator.compiled import Record, compiled
from producers.simulator.records import ACTIVE, LIFE, TRAITS

CHANNEL_SHARES = np.array(words.CHANNEL_SHARES)
GEOGRAPHY_SHARES = np.array(words.GEOGRAPHY_SHARES)
DAYTIME_SHARES = np.array((0.45, 0.33, 0.22))
PLATFORM_SHARES = np.array((0.40, 0.12, 0.24, 0.24))


def population(users: int, seed: int, scenario: NDArray[Any], days: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Traits and unlived lives of users 0 to `users` - 1; a larger population begins with the smaller one."""
    traits = np.zeros(users, dtype=TRAITS)
    lives = np.zeros(users, dtype=LIFE)
    lives["random"] = np.random.Philox(seed).random_raw(users)
    draw_traits(traits, lives, scenario[0], days)
    return traits, lives


@compiled
def draw_traits(traits: NDArray[Any], lives: NDArray[Any], scenario: Record, days: int) -> None:
    """Fill in the traits and make every life ready for the first day."""
    for user in range(len(traits)):
        draw_user(traits[user], lives[user], scenario, days)


@compiled
def draw_user(user: Record, life: Record, scenario: Record, days: int) -> None:
    """One user's latent habits."""
    rate = scenario.least_rate * exp(-log(1.0 - uniform(life)) / scenario.tail)
    user.rate = min(rate, scenario.most_rate)
    user.length = scenario.length * (2.0 + 2.5 * exponential(life))
    user.daytime = choose(life, DAYTIME_SHARES)
    spread = uniform(life)
    if user.daytime == OFFICE:
        user.weekend = 0.15 + 0.4 * spread
    elif user.daytime == EVENING:
        user.weekend = 0.9 + 0.9 * spread
    else:
        user.weekend = 0.7 + 0.6 * spread
    # one card in eight is trouble; the others fail now and then
    user.card_trouble = 0.25 + 0.35 * uniform(life) if uniform(life) < 0.125 else 0.03
    user.irritability = 0.012 * exponential(life)
    user.delight = 0.03 * exponential(life)
    user.appetite = 0.10 * exponential(life) if uniform(life) < 0.6 else 0.0
    user.taste = below(life, 1 << 30)
    user.breadth = 1 + below(life, len(words.FEATURES))
    user.platform = 1 + choose(life, PLATFORM_SHARES)
    user.second_platform = 1 + choose(life, PLATFORM_SHARES)
    user.channel = choose(life, CHANNEL_SHARES)
    user.geography = choose(life, GEOGRAPHY_SHARES)
    user.treated = uniform(life) < scenario.experiment_share
    user.offered = uniform(life) < scenario.offer_share
    existing = uniform(life) < scenario.existing_share
    when = uniform(life)
    user.tenure_days = 15 + int(200.0 * exponential(life))
    user.signup_ms = 1_000 * below(
        life, 75_600
    )  # not in the day's last three hours, so that the first visit fits
    user.signup_day = -1 if existing else int(when * min(1.0, scenario.signup_until) * days)
    life.billing_day = -1
    life.refund_day = -1
    life.trial_end = -1
    if existing:
        begin_before(user, life)


@compiled
def begin_before(user: Record, life: Record) -> None:
    """A user who is there already when the span begins."""
    life.stage = ACTIVE
    life.joined_day = -user.tenure_days
    life.sessions = 3
    tried = max(1, user.breadth // 2)
    life.features = (1 << tried) - 1
    share = uniform(life)
    life.plan = words.FREE if share < 0.5 else (words.PRO if share < 0.88 else words.TEAM)
    if life.plan != words.FREE:
        life.billing_day = below(life, 30)
