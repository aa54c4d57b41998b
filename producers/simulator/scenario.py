"""What the simulation plants: drivers of leaving, experiment, offer, sudden change. Later parts test against it."""

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Driver:
    """One term of the log hazard: `coefficient * value`; from the day of the sudden change, `after * value`."""

    name: str
    value: str
    before: float
    after: float


DRIVERS: Final = (
    Driver("slow_habit", "log2(2 / sessions per week), within -3 and 2", 0.45, 0.20),
    Driver("few_features", "1 if fewer than 3 features were used in 3 or more sessions", 0.50, 1.10),
    Driver(
        "payment_failed", "failed payments, each fading with a half-life of 14 days, at most 3", 1.20, 0.30
    ),
    Driver("support_ticket", "support tickets, fading likewise", 0.60, 1.30),
    Driver("negative_feedback", "negative feedback, fading likewise", 0.60, 0.60),
    Driver("positive_feedback", "positive feedback, fading likewise", -0.25, -0.25),
    Driver("downgrade", "downgrades, fading likewise", 0.90, 0.90),
    Driver("unpaid_plan", "1 on the plans free and trial", 0.40, 0.40),
    Driver("ads_channel", "1 if the user came by ads", 0.35, 0.35),
    Driver("new_user", "max(0, 1 - days since signup / 30)", 0.70, 0.70),
    Driver("came_back", "1 if the user has left before and returned", 0.50, 0.50),
    Driver("summer", "1 in July and August", 0.25, 0.25),
    Driver("experiment", "1 from the assignment to the variant `checklist`", -0.50, -0.50),
    Driver(
        "offer_slow", "1 for the offer's 45 days, users with fewer than 2 sessions per week", -0.90, -0.90
    ),
    Driver("offer_fast", "1 for the offer's 45 days, all other users", -0.20, -0.20),
)
"""The planted drivers. Order is the code of a cause, plus one; cause 0 is chance."""

CAUSES: Final = ("chance", *(driver.name for driver in DRIVERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything that can be varied beside users, days and seed. Rates are per day, times in days.

    Moments named `_at` and `_from` are shares of the span; 1 or more means never.
    """

    base_hazard: float = 0.0022
    """Daily probability of deciding to leave where all drivers are zero."""
    drivers: tuple[Driver, ...] = DRIVERS
    change_at: float = 0.6
    """Moment from which the coefficients `after` hold."""
    change_mobile_activity: float = 0.85
    """Factor on the session rate of ios and android users from that moment."""
    experiment_from: float = 0.1
    """From here on a user is assigned at the next session."""
    experiment_share: float = 0.5
    """Share of users whose variant is `checklist`; 0 and 1 give the two worlds without a choice."""
    offer_at: float = 0.45
    """Day of the offer to all users with a session in the 30 days before."""
    offer_share: float = 0.5
    """Share of them that get it; the others are held out."""
    offer_days: float = 45.0
    existing_share: float = 0.45
    """Share of users who signed up before the span."""
    signup_until: float = 1.0
    """The others sign up before this share of the span; 0 puts all of them on the first day."""
    least_rate: float = 0.9
    """Sessions per week of the slowest user; the rate's tail is a Pareto distribution from here."""
    tail: float = 1.6
    """Exponent of that tail: P(rate > x) = (least_rate / x) ** tail."""
    most_rate: float = 40.0
    """Sessions per week above which rates are cut."""
    activity: float = 1.0
    """Factor on everybody's session rate that no driver sees."""
    length: float = 1.0
    """Factor on the number of actions in a session."""
    fade_days: float = 16.0
    """Mean time between deciding and leaving, in which sessions get rarer."""
    abrupt_share: float = 0.2
    """Share of leavers who do not fade."""
    cancel_paid: float = 0.55
    cancel_unpaid: float = 0.2
    """Share of leavers who cancel explicitly, by plan; the others go quiet."""
    return_quiet: float = 0.0030
    return_cancelled: float = 0.0010
    """Daily probability that somebody who left comes back."""
    pause: float = 0.0012
    """Daily probability of a break of a week and more, after which the user goes on as before."""
    pause_days: float = 14.0
    """Mean length of a break beyond its first week."""
    inactivity_days: float = 30.0
    """Silence whose first occurrence the truth records."""

    def record(self, days: int) -> NDArray[Any]:
        """The scenario for compiled code, an array of shape (1,); `_at` and `_from` become day numbers."""
        names = [field.name for field in fields(self) if field.name != "drivers"]
        kinds = [(name, "f8") for name in names]
        record = np.zeros(
            1, dtype=[*kinds, ("before", "f8", (len(DRIVERS),)), ("after", "f8", (len(DRIVERS),))]
        )
        for name in names:
            value = float(getattr(self, name))
            moment = name.endswith(("_at", "_from"))
            record[name] = (np.floor(value * days) if value < 1 else days + 1) if moment else value
        if [driver.name for driver in self.drivers] != [driver.name for driver in DRIVERS]:
            raise ValueError(
                "a scenario must keep the drivers and their order; set a coefficient to 0 instead"
            )
        record["before"] = [driver.before for driver in self.drivers]
        record["after"] = [driver.after for driver in self.drivers]
        return record


def effects_table(scenario: Scenario) -> str:
    """The planted drivers as a Markdown table; a hazard ratio is exp(coefficient) for one unit of the value."""
    lines = ["| driver | value | coefficient | after the sudden change |", "|---|---|---:|---:|"]
    lines += [f"| `{d.name}` | {d.value} | {d.before:+.2f} | {d.after:+.2f} |" for d in scenario.drivers]
    return "\n".join(lines)
