"""The catalogue as a table."""

import re
from itertools import pairwise
from typing import get_args

from domain.catalogue import CATALOGUE, CODED, INDEX, NAMES, Kind

WINDOW = re.compile(r"\d+ [dw]|lifetime|since it|first \d+ d|first session|last gap|latest|first|now")
PERIOD = re.compile(r"_(\d+)([dw])$")


def test_names_are_distinct_and_in_order() -> None:
    assert len(set(NAMES)) == len(NAMES) == len(CATALOGUE)
    assert [INDEX[name] for name in NAMES] == list(range(len(NAMES)))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in NAMES)


def test_every_feature_says_what_it_is() -> None:
    for feature in CATALOGUE:
        assert feature.unit
        assert feature.kind in get_args(Kind)
        assert WINDOW.fullmatch(feature.window), feature
        assert len(feature.description) > 5, feature
        assert not feature.description.endswith("."), feature


def test_a_period_in_the_name_is_the_window() -> None:
    for feature in CATALOGUE:
        period = PERIOD.search(feature.name)
        if period and "trend" not in feature.name:
            assert feature.window == f"{period[1]} {period[2]}", feature
        if "trend" in feature.name:
            assert period is not None
            assert feature.window == f"{2 * int(period[1])} {period[2]}", feature
        if feature.name.endswith("_total"):
            assert feature.window == "lifetime", feature


def test_the_rolling_figures_are_complete() -> None:
    for metric in ("sessions", "active_days", "events", "minutes", "pages"):
        for window in ("1d", "7d", "14d", "30d", "9w", "13w", "26w", "total"):
            assert f"{metric}_{window}" in INDEX
        at = [INDEX[f"{metric}_{w}"] for w in ("1d", "7d", "14d", "30d", "9w", "13w", "26w", "total")]
        assert all(b == a + 1 for a, b in pairwise(at))


def test_codes_are_categories() -> None:
    assert {f.name for f in CATALOGUE if f.kind == "category"} == CODED | {"month_of_year"}
