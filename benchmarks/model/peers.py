"""``python peers.py SETTINGS EXAMPLES OUT NAMES``: what refitted peers say, in an environment of their own.

It knows nothing of the project: arrays come in and go out as files of NumPy. Every two weeks each peer is fitted on
all examples whose label has matured, and predicts the snapshots of the two weeks that follow.
"""

import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import xgboost
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

_DAY_MS = 86_400_000


def walk_forward(
    name: str, data: Any, settings: dict[str, Any], train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    """Probabilities for the rows of `test`, learned from matured rows of `train`; boolean masks."""
    times, due, lost = data["times"], data["due"], data["lost"]
    said = np.full(len(times), np.nan)
    step = settings["refit_days"] * _DAY_MS
    for start in range(int(times.min()), int(times.max()) + 1, step):
        rows = test & (times >= start) & (times < start + step)
        if not rows.any():
            continue
        known = train & (due < start)
        y = lost[known]
        if len(y) < settings["least_examples"] or y.all() or not y.any():
            said[rows] = (y.sum() + 1) / (len(y) + 2)
            continue
        x_known, x_rows = _encoded(name, data, known, rows, settings["codes"])
        said[rows] = _model(name, settings[name]).fit(x_known, y).predict_proba(x_rows)[:, 1]
    return said[test]


def _model(name: str, options: dict[str, Any]) -> Any:
    if name == "lightgbm":
        return lightgbm.LGBMClassifier(**options, random_state=0, n_jobs=1, verbose=-1, deterministic=True)
    if name == "xgboost":
        return xgboost.XGBClassifier(**options, random_state=0, n_jobs=1, tree_method="hist")
    return make_pipeline(StandardScaler(), LogisticRegression(**options))


def _encoded(
    name: str, data: Any, known: np.ndarray, rows: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray]:
    x, codes, skewed = data["x"], data["codes"], data["skewed"]
    plain = x[:, ~codes]
    logistic = name == "logistic"
    columns = [
        np.where(skewed[~codes], np.sign(plain) * np.log1p(np.abs(plain)), plain) if logistic else plain
    ]
    if logistic:
        missing = np.isnan(columns[0])
        middle = np.nan_to_num(np.nanmedian(columns[0][known], axis=0)) if known.any() else 0.0
        columns = [
            np.where(missing, middle, columns[0]),
            missing[:, missing[known].any(axis=0)].astype(float),
        ]
    for column in x[:, codes].T:
        values, counts = np.unique(column[known], return_counts=True)
        taken = values[np.argsort(-counts, kind="stable")[:most]]
        columns += [(column[:, None] == taken[~np.isnan(taken)]).astype(float)]
    table = np.concatenate(columns, axis=1)
    return table[known], table[rows]


def main() -> None:
    """All names, one after the other."""
    settings_file, examples, out, names = sys.argv[1:]
    settings = tomllib.loads(Path(settings_file).read_text("utf-8"))
    data = dict(np.load(examples))
    found = {}
    for name in names.split(","):
        began = time.monotonic()
        said = np.full(len(data["times"]), np.nan)
        for group in np.unique(data["group"]):  # learns from its own group, or from all of them together
            test = data["group"] == group
            kind, together, _ = name.partition("+")
            if together:
                test = np.ones(len(test), np.bool_)
            said[test] = walk_forward(
                kind, data, settings, np.ones(len(test), np.bool_) if together else test, test
            )
            if together:
                break
        found[name] = said
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    np.savez(out, **found)


if __name__ == "__main__":
    import warnings

    warnings.filterwarnings("ignore", "All-NaN slice")
    warnings.filterwarnings("ignore", "X does not have valid feature names")
    main()
