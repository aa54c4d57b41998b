"""Days, weeks and months of a moment, UTC."""

from typing import Final

from domain.compiled import compiled

DAY_MS: Final = 86_400_000
WEEK_MS: Final = 7 * DAY_MS


@compiled
def month_of(day):  # type: ignore[no-untyped-def]
    """Civil months since year 0 of a day since 1970 (Hinnant, "Low-level date algorithms")."""
    z = day + 719_468
    era = z // 146_097
    doe = z - era * 146_097
    yoe = (doe - doe // 1460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    year = yoe + era * 400 + (1 if month <= 2 else 0)
    return year * 12 + month - 1
