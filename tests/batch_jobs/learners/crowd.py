"""Examples of users who are lost the likelier the longer they are silent, for all tests of the learners."""

import numpy as np

from batch_jobs.learners.examples import Examples
from domain.calendar import DAY_MS
from domain.catalogue import INDEX
from domain.labels import FEATURES

BEGIN = 19_800 * DAY_MS
DELAY = 31 * DAY_MS


def crowd(count: int, days: int = 300, seed: int = 1, shift: float = 0.0) -> Examples:
    """In the order of time. The share of the lost is near a fifth; `shift` moves all log-odds after the middle."""
    rng = np.random.default_rng(seed)
    times = BEGIN + np.sort(rng.integers(0, days * DAY_MS, count))
    x = np.round(rng.gamma(2.0, 2.0, (count, FEATURES)), 3)
    x[rng.random(x.shape) < 0.05] = np.nan
    for name in ("platform", "plan"):
        x[:, INDEX[name]] = rng.choice([11.0, 12.0, 13.0], count)
    silence = rng.gamma(1.5, 8.0, count)
    x[:, INDEX["days_since_last_session"]] = silence
    odds = -3.0 + 0.12 * silence + np.where(x[:, INDEX["plan"]] == 12.0, 1.0, 0.0)
    odds += np.where(times > BEGIN + days * DAY_MS // 2, shift, 0.0)
    lost = rng.random(count) < 1 / (1 + np.exp(-odds))
    served = np.full(count, 0.2)
    return Examples(times, times + DELAY, x, lost, np.ones(count), served)
