"""How often the intervals of forecasts hold, and errors against the naive.

`python -m benchmarks.forecast [SERIES]`: simulated series of eight kinds, so many of each kind and length (40).
`python -m benchmarks.forecast FILE`: monthly sales of products and countries in the retailer's file.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from batch_jobs.value.forecast import HORIZONS, forecast
from batch_jobs.value.methods import Series
from tests.batch_jobs.value.kinds import KINDS, of_retailer

HEAD = "| {} | months ahead | known | 80 % | 80 % of the sum | 95 % | error over naive | not naive |"


def simulated(count: int) -> None:
    print(HEAD.format("series"))
    print("|---|---|---|---|---|---|---|---|")
    for steps in HORIZONS:
        for length in dict.fromkeys((2 * steps, 3 * steps, 12, 24, 36, 48)):
            if length >= 2 * steps:
                kinds = [
                    [
                        kind(length + steps, np.random.default_rng([seed, place, length]))
                        for seed in range(count)
                    ]
                    for place, kind in enumerate(KINDS.values())
                ]
                print(f"| simulated | {steps} | {length} | {_judged(kinds, steps, length)}")


def real(path: Path) -> None:
    print(HEAD.format("series"))
    print("|---|---|---|---|---|---|---|---|")
    for column, most in (("StockCode", 200), ("Country", 20)):
        series = of_retailer(path, column, most)
        for length in range(6, 10):
            cut = [[values[: length + 3] for values in series]]
            print(f"| {column}, {len(series)} largest | 3 | {length} | {_judged(cut, 3, length)}")


def _judged(kinds: Iterable[Iterable[Series]], steps: int, length: int) -> str:
    inside, inside_95, sums, errors, others = [], [], [], [], []
    for kind in kinds:
        ratio = np.zeros(2)
        for values in kind:
            found = forecast(values[:length], steps)
            assert found is not None
            off = np.abs(values[length:] - found.values)
            inside.append((off <= found.half_widths[0.80]).mean())
            inside_95.append((off <= found.half_widths[0.95]).mean())
            sums.append(abs(values[length:].sum() - found.total) <= found.total_half_widths[0.80])
            others.append(found.method != "naive")
            ratio += off.mean(), np.abs(values[length:] - values[length - 1]).mean()
        errors.append(ratio[0] / ratio[1])
    shares = " | ".join(f"{100 * np.mean(part):.0f} %" for part in (inside, sums, inside_95))
    return f"{shares} | {np.mean(errors):.2f} | {100 * np.mean(others):.0f} % |"


if __name__ == "__main__":
    argument = sys.argv[1] if len(sys.argv) > 1 else "40"
    if argument.isdigit():
        simulated(int(argument))
    else:
        real(Path(argument))
