"""How often the intervals of forecasts hold, and errors against the naive, on simulated series of eight kinds.

`python -m benchmarks.forecast [SERIES]`: so many of each kind and length, by default 40.
"""

import sys

import numpy as np

from batch_jobs.value.forecast import HORIZONS, forecast
from tests.batch_jobs.value.kinds import KINDS


def main(series: int) -> None:
    print("| months ahead | known | 80 % | 80 % of the sum | 95 % | error over naive | not naive |")
    print("|---|---|---|---|---|---|---|")
    for steps in HORIZONS:
        for length in (2 * steps, 3 * steps, 24, 36, 48):
            print(_row(steps, length, series))


def _row(steps: int, length: int, series: int) -> str:
    inside, inside_95, sums, errors, others = [], [], [], [], []
    for place, kind in enumerate(KINDS.values()):
        ratio = np.zeros(2)
        for seed in range(series):
            values = kind(length + steps, np.random.default_rng([seed, place, length]))
            found = forecast(values[:length], steps)
            off = np.abs(values[length:] - found.values)
            inside.append((off <= found.half_widths[0.80]).mean())
            inside_95.append((off <= found.half_widths[0.95]).mean())
            sums.append(abs(values[length:].sum() - found.total) <= found.total_half_widths[0.80])
            others.append(found.method != "naive")
            ratio += off.mean(), np.abs(values[length:] - values[length - 1]).mean()
        errors.append(ratio[0] / ratio[1])
    shares = " | ".join(f"{100 * np.mean(part):.0f} %" for part in (inside, sums, inside_95))
    return f"| {steps} | {length} | {shares} | {np.mean(errors):.2f} | {100 * np.mean(others):.0f} % |"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
