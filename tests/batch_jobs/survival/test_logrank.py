"""Log-rank: as published, as lifelines on one row a user, and with late entry as a slow sum."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.datasets import load_leukemia, load_lung, load_waltons
from lifelines.statistics import multivariate_logrank_test
from scipy.stats import chi2

from batch_jobs.survival.curve import DayTable, day_table
from batch_jobs.survival.logrank import compare, comparisons, holm
from tests.batch_jobs.survival.counting import counts_of


def tables(duration: Any, event: Any, group: Any, entry: Any = 0) -> dict[str, DayTable]:
    counts = counts_of(duration, event, entry, group=group)
    return {str(name): day_table(own, 5) for name, own in counts.groupby("group")}


@pytest.mark.parametrize(
    ("data", "columns", "published"),
    [
        # Freireich et al. 1963: 16.79; lung: R, survdiff: 10.3 on 1 degree; waltons: lifelines' documents: 122.25
        (load_leukemia(), ("t", "status", "Rx"), 16.79),
        (load_lung(), ("time", "status", "sex"), 10.33),
        (load_waltons(), ("T", "E", "group"), 122.25),
    ],
)  # fmt: skip
def test_published(data, columns, published) -> None:  # type: ignore[no-untyped-def]
    time, event, group = (data[column] for column in columns)
    (first, pair) = comparisons(tables(time.astype(int), event, group.astype(str)))
    assert first.statistic == pytest.approx(published, abs=0.005)
    assert (first.statistic, first.degrees, first.p) == (pair.statistic, pair.degrees, pair.p)
    assert pair.p_holm == pair.p


GROUPED = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 1), st.sampled_from("abc"), st.integers(0, 5)),
    min_size=2,
    max_size=40,
)


@settings(deadline=None, max_examples=30)
@given(GROUPED)
def test_as_lifelines_on_one_row_a_user(users: list[tuple[int, int, str, int]]) -> None:
    # somebody of every group stays to the end, so that all groups tell something
    users = users + [(10, 0, group, 0) for group in "abc"]
    duration, event, group, _ = (list(column) for column in zip(*users, strict=True))
    first, *pairs = comparisons(tables(duration, event, group))
    if not any(event):
        assert (first.statistic, first.p) == (None, None)
        return
    raw = multivariate_logrank_test(duration, group, event)
    assert first.statistic == pytest.approx(raw.test_statistic, rel=1e-9, abs=1e-9)
    assert first.p == pytest.approx(raw.p_value, rel=1e-9)
    assert first.degrees == 2
    for pair in pairs:
        chosen = [user for user in users if user[2] in (pair.group_a, pair.group_b)]
        if any(user[1] for user in chosen):
            own = multivariate_logrank_test(*([user[column] for user in chosen] for column in (0, 2, 1)))
            assert pair.statistic == pytest.approx(own.test_statistic, rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(GROUPED)
def test_with_late_entry_as_a_slow_sum(users: list[tuple[int, int, str, int]]) -> None:
    users = [user for user in users if user[3] == 0 or user[0] > user[3]] + [(10, 0, "a", 0), (10, 0, "b", 0)]
    users = [user for user in users if user[2] != "c"]
    duration, event, group, entry = (list(column) for column in zip(*users, strict=True))
    surplus = variance = 0.0
    for day in range(11):
        risk = [u for u in users if u[0] >= day and (u[3] == 0 or u[3] < day)]
        lost = [u for u in risk if u[0] == day and u[1]]
        n, d, n_a = len(risk), len(lost), sum(u[2] == "a" for u in risk)
        if d:
            surplus += sum(u[2] == "a" for u in lost) - d * n_a / n
            variance += d * (n_a / n) * (1 - n_a / n) * (n - d) / (n - 1) if n > 1 else 0.0
    statistic, degrees, p = compare(list(tables(duration, event, group, entry).values()))
    if variance < 1e-9:
        assert statistic is None
    else:
        assert statistic == pytest.approx(surplus**2 / variance, rel=1e-9, abs=1e-9)
        assert degrees == 1
        assert p == pytest.approx(chi2.sf(surplus**2 / variance, 1), rel=1e-9)


def test_nobody_to_compare_with() -> None:
    assert list(comparisons(tables([3], [1], ["a"]))) == []


def test_a_group_that_is_gone_before_the_first_loss_takes_no_degree() -> None:
    found = compare(list(tables([1, 1, 5, 6, 5, 7], [0, 0, 1, 1, 1, 0], list("aabbcc")).values()))
    assert found == compare(list(tables([5, 6, 5, 7], [1, 1, 1, 0], list("bbcc")).values()))
    assert found[1] == 1


def test_holm_as_published() -> None:
    """Holm 1979: the smallest of four times four, the next times three; never falling, at most 1."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9, 0.001]) == pytest.approx([1.0, 1.0, 0.003])


def test_holm_leaves_out_what_is_not_known() -> None:
    assert holm([0.03, None, 0.01]) == [0.03, None, 0.02]
