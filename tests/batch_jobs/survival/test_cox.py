"""Cox on counts: as published, as lifelines on one row a user, and what is done where a level cannot be told."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.datasets import load_leukemia, load_lung, load_rossi
from lifelines.statistics import proportional_hazard_test

from batch_jobs.survival.cox import Term, terms
from tests.batch_jobs.survival.counting import counts_of

ROSSI: tuple[str, ...] = ("fin", "race", "wexp", "mar", "paro")


def model(
    data: pd.DataFrame, time: str, event: str, names: Sequence[str], least: int = 1, entry: object = 0
) -> dict[tuple[str, str], Term]:
    """Covariates are codes already; their labels are these codes."""
    counts = counts_of(data[time].astype(int), data[event], entry, **{name: data[name] for name in names})
    values = {name: tuple(map(str, range(int(data[name].max()) + 1))) for name in names}
    return {(term.covariate, term.level): term for term in terms(counts, values, 0.05, least)}


def raw_of(
    data: pd.DataFrame, time: str, event: str, columns: Mapping[tuple[str, str], Term]
) -> pd.DataFrame:
    """One row a user, with the same columns of 0 and 1."""
    design = {f"{name}:{level}": (data[name] == int(level)).astype(float) for name, level in columns}
    return pd.DataFrame({**design, "T": data[time].astype(int), "E": data[event]})


def same(found: Mapping[tuple[str, str], Term], raw: pd.DataFrame, entry: str | None = None) -> None:
    fitter = CoxPHFitter().fit(raw, "T", "E", entry_col=entry)
    for (name, level), term in found.items():
        row = fitter.summary.loc[f"{name}:{level}"]
        figures = [term.hazard_ratio, term.lower, term.upper, term.p]
        wanted = [row[c] for c in ("exp(coef)", "exp(coef) lower 95%", "exp(coef) upper 95%", "p")]
        np.testing.assert_allclose(np.array(figures, dtype=float), wanted, rtol=1e-6)
        assert term.note is None


def test_published_remissions() -> None:
    """R, survival, ties by Efron: placebo against 6-MP 1.572 (standard error 0.412)."""
    data = load_leukemia()
    # the placebo group has as many users: the first by code is the reference
    (term,) = model(data, "t", "status", ["Rx"]).values()
    assert (term.level, term.reference, term.users, term.events) == ("1", "0", 21, 21)
    assert term.hazard_ratio is not None
    assert term.lower is not None
    assert np.log(term.hazard_ratio) == pytest.approx(1.572, abs=5e-4)
    assert (np.log(term.hazard_ratio) - np.log(term.lower)) / 1.959964 == pytest.approx(0.412, abs=5e-4)


def test_published_lung_cancer() -> None:
    """R, survival: `coxph(Surv(time, status) ~ sex, lung)`: 0.588 (0.424 to 0.816), p 0.0015."""
    (term,) = model(load_lung(), "time", "status", ["sex"]).values()
    assert (term.level, term.reference) == ("2", "1")
    figures = [term.hazard_ratio, term.lower, term.upper]
    np.testing.assert_allclose(np.array(figures, dtype=float), [0.588, 0.424, 0.816], atol=6e-4)
    assert term.p == pytest.approx(0.0015, abs=5e-5)


def test_as_lifelines_on_one_row_a_user() -> None:
    rossi = load_rossi()
    found = model(rossi, "week", "arrest", ROSSI)
    assert len(found) == len(ROSSI)
    same(found, raw_of(rossi, "week", "arrest", found))


@pytest.mark.parametrize("data", ["rossi", "ties"])
def test_proportional_hazards_as_lifelines_on_one_row_a_user(data: str) -> None:
    if data == "rossi":
        users, time, event, names = load_rossi(), "week", "arrest", ROSSI
    else:
        users, time, event, names = crossing(), "day", "lost", ("group", "noise")
    found = model(users, time, event, names)
    raw = raw_of(users, time, event, found)
    test = proportional_hazard_test(CoxPHFitter().fit(raw, "T", "E"), raw, time_transform="km")
    for (name, level), statistic, p in zip(found, test.test_statistic, test.p_value, strict=True):
        term = found[name, level]
        assert term.proportional_statistic == pytest.approx(statistic, rel=1e-5)
        assert term.proportional_p == pytest.approx(p, rel=1e-5)


def crossing() -> pd.DataFrame:
    """Two groups whose hazards cross, and a covariate that means nothing; few days, so many ties."""
    rng = np.random.default_rng(5)
    group, noise = rng.integers(0, 2, 600), rng.integers(0, 3, 600)
    early, late = rng.geometric(0.4, 600), 3 + rng.integers(0, 6, 600)
    day = np.where(group == 1, late, early).clip(0, 9)
    return pd.DataFrame({"group": group, "noise": noise, "day": day, "lost": (day < 9).astype(int)})


def test_hazards_that_cross_are_noticed() -> None:
    found = model(crossing(), "day", "lost", ("group", "noise"))
    (crossed,) = (term for (name, _), term in found.items() if name == "group")
    assert crossed.proportional_p is not None
    assert crossed.proportional_p < 1e-6
    assert all((t.proportional_p or 0) > 0.001 for (name, _), t in found.items() if name == "noise")


def test_late_entry_as_lifelines_on_one_row_a_user() -> None:
    rng = np.random.default_rng(2)
    size = 400
    group = rng.integers(0, 2, size)
    day = 1 + rng.geometric(0.05 + 0.05 * group)
    entry = np.where(rng.random(size) < 0.5, 0, rng.integers(1, 15, size))
    data = pd.DataFrame(
        {"group": group, "day": day, "lost": (rng.random(size) < 0.8).astype(int), "entry": entry}
    )
    data = data[(data["entry"] == 0) | (data["entry"] < data["day"])]
    found = model(data, "day", "lost", ["group"], entry=data["entry"].to_numpy())
    raw = raw_of(data, "day", "lost", found).assign(entry=data["entry"].replace(0, -1))
    same(found, raw, entry="entry")


def sizes(found: Mapping[tuple[str, str], Term]) -> list[tuple[str, str, int, int]]:
    return [(term.level, term.reference, term.users, term.events) for term in found.values()]


def test_levels_with_few_losses_are_joined() -> None:
    # level 0: 30 losses, level 1: 20, level 2: 3, level 3: 4; together the last two have enough
    level = [0] * 40 + [1] * 30 + [2] * 10 + [3] * 10
    lost = [1] * 30 + [0] * 10 + [1] * 20 + [0] * 10 + [1] * 3 + [0] * 7 + [1] * 4 + [0] * 6
    data = pd.DataFrame({"level": level, "day": np.arange(90) % 17 + 1, "lost": lost})
    found = model(data, "day", "lost", ["level"], least=7)
    assert [(t.level, t.reference, t.users, t.events) for t in found.values()] == [
        ("1", "0", 30, 20),
        ("other", "0", 20, 7),
    ]
    # four are enough for a level of its own; three alone are not, and join the reference
    found = model(data, "day", "lost", ["level"], least=4)
    assert sizes(found) == [("1", "0", 30, 20), ("3", "0", 10, 4)]
    # not enough: they are part of the reference, the most frequent level
    found = model(data, "day", "lost", ["level"], least=8)
    assert sizes(found) == [("1", "0", 30, 20)]


def test_a_covariate_that_repeats_another_is_named_without_figures() -> None:
    data = load_rossi().assign(again=lambda d: d["fin"])
    first, second = model(data, "week", "arrest", ["fin", "again"]).values()
    assert first.hazard_ratio is not None
    assert (second.hazard_ratio, second.note) == (None, "tells nothing that the others do not")


def test_nobody_lost_or_one_level_alone_gives_no_terms() -> None:
    data = pd.DataFrame({"level": [0, 1, 1], "day": [3, 4, 5], "lost": [0, 0, 0]})
    assert model(data, "day", "lost", ["level"]) == {}
    assert model(data.assign(level=0, lost=1), "day", "lost", ["level"]) == {}


def test_figures_that_one_risk_set_leaves_open_are_empty() -> None:
    data = pd.DataFrame({"level": [0, 0, 1, 1], "day": [3, 5, 3, 5], "lost": [1, 0, 1, 0]})
    (term,) = model(data, "day", "lost", ["level"]).values()
    assert term.hazard_ratio == pytest.approx(1.0)
    assert (term.proportional_statistic, term.proportional_p) == (None, None)


def test_a_model_that_cannot_be_fitted_says_so() -> None:
    # all of one level are lost before anybody of the other: no finite ratio
    data = pd.DataFrame({"level": [0] * 30 + [1] * 30, "day": [*range(100, 130), *range(1, 31)], "lost": 1})
    (term,) = model(data, "day", "lost", ["level"]).values()
    assert term.hazard_ratio is None
    assert (term.note or "").startswith("not fitted: ")
