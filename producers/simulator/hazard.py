"""How likely a user is to decide today to leave, given what the user lived through."""

from typing import Final

from producers.simulator import vocabulary as words
from producers.simulator.chance import exp, log
from producers.simulator.compiled import Record, compiled
from producers.simulator.scenario import DRIVERS

DAILY_FADING: Final = 0.9517
"""Factor by which experiences weaken in a day; a half-life of 14 days."""
MOST_EXPERIENCES: Final = 3.0
LN2: Final = 0.6931471805599453
SLOW: Final = 2.0
"""Sessions per week; below, the offer counts as `offer_slow`."""

(
    SLOW_HABIT, FEW_FEATURES, PAYMENT_FAILED, SUPPORT_TICKET, NEGATIVE, POSITIVE, DOWNGRADE, UNPAID, ADS, NEW_USER,
    CAME_BACK, SUMMER, EXPERIMENT, OFFER_SLOW, OFFER_FAST,
) = range(len(DRIVERS))  # fmt: skip


@compiled
def driver_value(driver: int, user: Record, life: Record, day: int, today: Record, scenario: Record) -> float:  # noqa: C901
    """The driver's value today, as its row in `DRIVERS` says."""
    if driver == SLOW_HABIT:
        return max(-3.0, min(2.0, log(2.0 / user.rate) / LN2))
    if driver == FEW_FEATURES:
        return 1.0 if life.sessions >= 3 and used_features(life.features) < 3 else 0.0
    if driver == PAYMENT_FAILED:
        return float(min(MOST_EXPERIENCES, life.failed_payments))
    if driver == SUPPORT_TICKET:
        return float(min(MOST_EXPERIENCES, life.tickets))
    if driver == NEGATIVE:
        return float(min(MOST_EXPERIENCES, life.negatives))
    if driver == POSITIVE:
        return float(min(MOST_EXPERIENCES, life.positives))
    if driver == DOWNGRADE:
        return float(min(MOST_EXPERIENCES, life.downgrades))
    if driver == UNPAID:
        return 1.0 if life.plan <= words.TRIAL else 0.0
    if driver == ADS:
        return 1.0 if user.channel == words.ADS else 0.0
    if driver == NEW_USER:
        return float(max(0.0, 1.0 - (day - life.joined_day) / 30.0))
    if driver == CAME_BACK:
        return 1.0 if life.returns > 0 else 0.0
    if driver == SUMMER:
        return float(today.summer)
    if driver == EXPERIMENT:
        return 1.0 if life.experiment_ms > 0 and user.treated == 1 else 0.0
    if (
        life.offer_ms == 0
        or user.offered == 0
        or today.start_ms > life.offer_ms + 86_400_000.0 * scenario.offer_days
    ):
        return 0.0
    return 1.0 if (user.rate < SLOW) == (driver == OFFER_SLOW) else 0.0


@compiled
def used_features(bits: int) -> int:
    """How many bits are set."""
    count = 0
    while bits > 0:
        bits &= bits - 1
        count += 1
    return count


@compiled
def daily_hazard(user: Record, life: Record, day: int, today: Record, scenario: Record) -> tuple[float, int]:
    """Probability of deciding to leave today, and the code of the driver that raises it most (0: none does)."""
    changed = day >= scenario.change_at
    total = 0.0
    strongest = 0.0
    cause = 0
    for driver in range(len(scenario.before)):
        coefficient = scenario.after[driver] if changed else scenario.before[driver]
        term = coefficient * driver_value(driver, user, life, day, today, scenario)
        total += term
        if term > strongest:
            strongest = term
            cause = driver + 1
    return 1.0 - exp(-scenario.base_hazard * exp(total)), cause


@compiled
def weaken_experiences(life: Record) -> None:
    """A night passes."""
    life.failed_payments *= DAILY_FADING
    life.tickets *= DAILY_FADING
    life.negatives *= DAILY_FADING
    life.positives *= DAILY_FADING
    life.downgrades *= DAILY_FADING
