"""The whole job: its tables against lifelines on one row a user, and by hand."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test

from batch_jobs.survival.job import Survival, few_patterns
from batch_jobs.survival.options import Options
from batch_jobs.survival.schema import TABLES
from domain.settings import FactSettings
from tests.batch_jobs.survival.stars import Person, at, raw_lives, star_of

AS_OF = at("2024-06-01")
OPTIONS = Options(landmarks=(7,), least_users=1, least_events=1)


Frames = dict[str, pd.DataFrame]


def quiet(what: str, share: float) -> None:
    assert 0 <= share <= 1, what


def run(people: list[Person], options: Options = OPTIONS, settings: FactSettings | None = None) -> Frames:
    tables = Survival(options)(star_of(people, AS_OF, settings), quiet)
    assert list(tables) == list(TABLES)
    for name, schema in TABLES.items():
        assert tables[name].schema == schema, name
        nothing = [
            c for c in tables[name].column_names if pa.types.is_floating(tables[name].schema.field(c).type)
        ]
        for column in nothing:
            assert not np.isnan(tables[name][column].drop_null().to_numpy()).any(), (name, column)
    return {name: table.to_pandas() for name, table in tables.items()}


def one(frame: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    return frame


def random_people(seed: int, size: int) -> list[Person]:
    """Users of three plans with their own rhythm: the more expensive, the longer they stay."""
    rng = np.random.default_rng(seed)
    people = []
    for _ in range(size):
        signup = at("2024-01-01") + timedelta(days=float(rng.uniform(0, 150)))
        plan = str(rng.choice(["free", "pro", "team"], p=[0.6, 0.3, 0.1]))
        stay = float(rng.exponential({"free": 20, "pro": 40, "team": 60}[plan]))
        count = 1 + int(rng.poisson(stay / 6))
        visits = [signup + timedelta(days=d) for d in sorted(rng.uniform(0, stay, count))]
        if rng.random() < 0.3:
            visits.append(signup + timedelta(days=stay + float(rng.exponential(60))))
        cancelled = signup + timedelta(days=stay, hours=1) if rng.random() < 0.3 else None
        orders = tuple(visits[:1]) if rng.random() < 0.3 else ()
        channel = None if rng.random() < 0.1 else str(rng.choice(["ads", "organic"]))
        people.append(Person(signup, tuple(visits), cancelled, orders, channel, plan))
    return people


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return random_people(1, 400)


@pytest.fixture(scope="module")
def found(people: list[Person]) -> Frames:
    return run(people)


@pytest.mark.parametrize("view", ["passage", "onset"])
def test_curves_as_lifelines_on_one_row_a_user(people: list[Person], found: Frames, view: str) -> None:
    raw = raw_lives(people, AS_OF, view=view)
    days = range(int(found["curves"]["day"].max()) + 1)
    groups = [("all", "all", raw)]
    groups += [(kind, str(name), own) for kind in ("plan", "channel") for name, own in raw.groupby(kind)]
    for kind, name, own in groups:
        curve = one(found["curves"], view=view, group_kind=kind, group=name)
        assert curve["day"].tolist() == list(days)
        last = int(own["duration"].max())
        with np.errstate(all="ignore"):
            fitter = KaplanMeierFitter().fit(own["duration"], own["event"], timeline=days)
        survival = fitter.survival_function_.to_numpy()[:, 0]
        known = (np.arange(len(days)) <= last) | (survival == 0)
        np.testing.assert_allclose(curve["survival"][known], survival[known], rtol=1e-12)
        assert curve["survival"][~known].isna().all()
        inner = known & (survival > 0) & (survival < 1)
        limits = fitter.confidence_interval_.to_numpy()
        np.testing.assert_allclose(curve[["lower", "upper"]].to_numpy()[inner], limits[inner], rtol=1e-9)
        assert curve["at_risk"].tolist() == [int((own["duration"] >= day).sum()) for day in days]
        lost = own[own["event"] == 1]["duration"]
        assert curve["events"].tolist() == [int((lost == day).sum()) for day in days]
        assert curve["events"].sum() + curve["censored"].sum() == len(own)
        row = one(found["medians"], view=view, group_kind=kind, group=name).iloc[0]
        assert (row["users"], row["events"], row["small"]) == (len(own), len(lost), False)


def test_milestones_are_rows_of_the_curves(found: Frames) -> None:
    keys = ["view", "group_kind", "group", "day"]
    joined = found["milestones"].merge(found["curves"], on=keys, how="left", suffixes=("", "_curve"))
    inside = joined[joined["survival"].notna()]
    assert len(inside) > 20
    for column in ("survival", "lower", "upper", "at_risk"):
        assert inside[column].tolist() == inside[f"{column}_curve"].tolist()
    assert one(found["milestones"], day=365)["survival"].isna().all()


def test_logrank_as_lifelines_on_one_row_a_user(people: list[Person], found: Frames) -> None:
    raw = raw_lives(people, AS_OF)
    tests = one(found["logrank"], view="passage", group_kind="plan")
    whole = multivariate_logrank_test(raw["duration"], raw["plan"], raw["event"])
    first = one(tests, group_a="all").iloc[0]
    assert (first["statistic"], first["p"]) == (
        pytest.approx(whole.test_statistic),
        pytest.approx(whole.p_value),
    )
    pairs = tests[tests["group_a"] != "all"]
    assert pairs[["group_a", "group_b"]].to_numpy().tolist() == [
        ["free", "pro"],
        ["free", "team"],
        ["pro", "team"],
    ]
    for _, pair in pairs.iterrows():
        own = raw[raw["plan"].isin([pair["group_a"], pair["group_b"]])]
        test = multivariate_logrank_test(own["duration"], own["plan"], own["event"])
        assert pair["p"] == pytest.approx(test.p_value, rel=1e-9)
        assert pair["p_holm"] >= pair["p"]


def test_cox_as_lifelines_on_one_row_a_user(people: list[Person], found: Frames) -> None:
    raw = raw_lives(people, AS_OF)
    columns = {"plan:pro": raw["plan"] == "pro", "plan:team": raw["plan"] == "team"}
    columns |= {f"channel:{c}": raw["channel"] == c for c in sorted(set(raw["channel"]))}
    terms = one(found["cox"], view="passage")
    reference = one(terms, covariate="channel")["reference"].iloc[0]
    del columns[f"channel:{reference}"]
    design = pd.DataFrame(columns).astype(float).assign(T=raw["duration"], E=raw["event"])
    summary = CoxPHFitter().fit(design, "T", "E").summary
    assert len(terms) == len(columns)
    for _, term in terms.iterrows():
        row = summary.loc[f"{term['covariate']}:{term['level']}"]
        wanted = [row[c] for c in ("exp(coef)", "exp(coef) lower 95%", "exp(coef) upper 95%", "p")]
        np.testing.assert_allclose(
            term[["hazard_ratio", "lower", "upper", "p"]].astype(float), wanted, rtol=1e-5
        )
        assert term["users"] == (raw[term["covariate"]] == term["level"]).sum()
    assert one(terms, covariate="plan", level="team")["hazard_ratio"].iloc[0] < 1


def test_every_user_has_one_status_in_every_view(people: list[Person], found: Frames) -> None:
    population = found["population"]
    users = population.groupby("view")["users"].sum()
    assert users.to_dict() == {"passage": 400, "onset": 400, "landmark_7": 400}
    for view in ("passage", "onset"):
        inside = one(population, view=view, status="included")["users"].iloc[0]
        assert inside == len(raw_lives(people, AS_OF, view=view))


PEOPLE = st.lists(
    st.tuples(
        st.integers(0, 150),
        st.lists(st.integers(0, 60 * 24), max_size=5),
        st.integers(0, 40),
        st.sampled_from(["free", "pro"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=4)
@given(PEOPLE, st.sampled_from(["inactivity", "cancellation", "either"]))
def test_small_populations_of_every_kind(rows: list[tuple[int, list[int], int, str]], churn: Any) -> None:
    people = [
        Person(
            signup := at("2024-01-01 12:00") + timedelta(days=day),
            tuple(signup + timedelta(hours=hour) for hour in sorted(hours)),
            signup + timedelta(days=cancel) if cancel < 30 else None,
            plan=plan,
        )
        for day, hours, cancel, plan in rows
    ]
    facts = FactSettings(churn=churn)
    found = run(people, Options(groups=("plan",), landmarks=(), least_events=1), facts)
    for view in ("passage", "onset") if churn != "cancellation" else ("passage",):
        raw = raw_lives(people, AS_OF, facts, view)
        curve = one(found["curves"], view=view, group_kind="all")
        if not len(raw):
            assert curve.empty
            continue
        for _, day in curve.iterrows():
            survivors = [int((raw["duration"] >= d).sum()) for d in range(int(day["day"]) + 1)]
            lost = [
                int(((raw["duration"] == d) & (raw["event"] == 1)).sum()) for d in range(int(day["day"]) + 1)
            ]
            product = float(np.prod([1 - e / n for e, n in zip(lost, survivors, strict=True) if n]))
            if day["day"] > raw["duration"].max() and product > 0:
                assert np.isnan(day["survival"])
            else:
                assert day["survival"] == pytest.approx(product, rel=1e-9, abs=1e-12)


def test_only_cancellations_are_losses_where_the_setting_says_so(people: list[Person]) -> None:
    found = run(people, settings=FactSettings(churn="cancellation"))
    cancelled = sum(person.cancelled is not None and person.cancelled < AS_OF for person in people)
    assert one(found["medians"], view="passage", group_kind="all")["events"].iloc[0] == cancelled
    assert "onset" not in set(found["curves"]["view"])


def test_a_cohort_of_one_day() -> None:
    """By hand: three users of 1 May; the as-of is 1 June. One is lost on 31 May; that is all that is known."""
    people = [
        Person(at("2024-05-01 09:00"), (at("2024-05-01 09:00"),)),
        Person(at("2024-05-01 09:00"), (at("2024-05-12 10:00"),)),
        Person(at("2024-05-01 09:00"), (at("2024-05-31 08:00"),)),
    ]
    curve = one(run(people)["curves"], view="passage", group_kind="all")
    assert curve["day"].tolist() == list(range(31))
    assert curve["survival"].tolist() == pytest.approx([1.0] * 30 + [2 / 3])
    assert curve["at_risk"].tolist() == [3] * 31
    assert curve["censored"].tolist() == [0] * 30 + [2]


def test_values_beyond_the_most_frequent_are_others_and_small_groups_are_flagged() -> None:
    start = at("2024-02-01 09:00")
    plans = ["a"] * 5 + ["b"] * 3 + ["c"] * 2 + ["d"]
    people = [Person(start, (start,), plan=plan) for plan in plans]
    found = run(people, Options(most_values=2, least_users=4, landmarks=()))
    medians = one(found["medians"], view="passage", group_kind="plan")
    rows = medians[["group", "users", "small"]].to_numpy().tolist()
    assert rows == [["a", 5, False], ["b", 3, True], ["other", 3, True]]
    assert found["logrank"].empty


def test_nobody_at_all() -> None:
    found = run([])
    assert all(frame.empty for name, frame in found.items() if name != "population")


def test_the_order_of_the_rows_is_the_same_at_every_call(people: list[Person]) -> None:
    star = star_of(people, AS_OF)
    first, second = (Survival(OPTIONS)(star, quiet) for _ in range(2))
    for name in TABLES:
        assert first[name].equals(second[name]), name


def test_late_entry_of_the_prevalent() -> None:
    # the log begins on 1 February; without a signup nobody knows since when the first two have been there
    begins = at("2024-02-01")
    visits: tuple[datetime, ...] = tuple(begins + timedelta(days=10 * k) for k in range(8))
    people = [Person(None, visits), Person(None, (begins,)), Person(at("2024-02-05"), (at("2024-03-01"),))]
    excluded = run(people)
    assert one(excluded["medians"], view="passage", group_kind="all")["users"].iloc[0] == 1
    late = run(people, Options(prevalent="late", landmarks=(), least_users=1))
    curve = one(late["curves"], view="passage", group_kind="all")
    # who was lost when the first period ended is out; the other is at risk after day 31
    assert one(late["population"], view="passage", status="prevalent")["users"].iloc[0] == 1
    assert curve["at_risk"].tolist() == [1] * 31 + [2] * 25 + [1] * 45
    assert curve["survival"].tolist() == pytest.approx([1.0] * 55 + [0.5] * 45 + [0.0])


def test_dimensions_keep_as_many_values_as_the_patterns_allow() -> None:
    values = {"a": tuple("12345678"), "b": tuple("12345678"), "c": tuple("12")}
    assert {name: len(kept) for name, kept in few_patterns(values, 300).items()} == {"a": 8, "b": 8, "c": 2}
    assert {name: len(kept) for name, kept in few_patterns(values, 100).items()} == {"a": 4, "b": 4, "c": 2}
    assert {name: len(kept) for name, kept in few_patterns(values, 1).items()} == {"a": 1, "b": 1, "c": 1}
