"""Words of reasons, and that they never contradict the numbers."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from domain.actions import DEFAULT
from domain.catalogue import CATALOGUE, INDEX, NAMES
from domain.columns import code_of
from domain.labels import FEATURES
from online_model.explain.amounts import in_words
from online_model.explain.attribution import Attribution, exact
from online_model.explain.reasons import by_theme, changes, direction, reasons
from online_model.explain.themes import THEMES, theme_of
from online_model.explain.words import User, sentence

NAMED = {7: "gold", 2: "free"}
IMPOSSIBLE = re.compile(r"nan|inf|-|−\d+ (?!.*trend)|None", re.IGNORECASE)


def vector(**values: float) -> np.ndarray:
    x = np.full(FEATURES, np.nan)
    for name, value in values.items():
        x[INDEX[name]] = value
    return x


def parts(**values: float) -> Attribution:
    return exact(np.nan_to_num(vector(**values)), -1.0)


@pytest.mark.parametrize(
    ("feature", "values", "said"),
    [
        ("days_since_last_session", {"days_since_last_session": 19, "gap_mean_days": 3},
         "no session for 19 days; the usual gap is 3 days"),
        ("silence_over_gap", {"days_since_last_session": 0.5}, "no session for 12 hours; no usual gap is known yet"),
        ("days_since_last_session", {}, "no session so far"),
        ("sessions_30d", {"sessions_30d": 4, "sessions_trend_30d": -0.5},
         "sessions fell from 12 to 4 in the last 30 days"),
        ("sessions_trend_30d", {"sessions_30d": 4, "sessions_trend_30d": 1},
         "sessions rose from 0 to 4 in the last 30 days"),
        ("sessions_trend_30d", {"sessions_30d": 0, "sessions_trend_30d": -1},
         "no sessions in the last 30 days, but some in the 30 days before"),
        ("spend_13w", {"spend_13w": 20, "spend_trend_13w": 0}, "money spent stayed at 20.00 in the last 13 weeks"),
        ("sessions_7d", {"sessions_7d": 1}, "1 session in the last 7 days"),
        ("pages_1d", {"pages_1d": 0}, "no page seen today"),
        ("active_days_26w", {"active_days_26w": 1200}, "1,200 days with an activity in the last 26 weeks"),
        ("failed_payments", {"failed_payments": 2, "days_since_failed_payment": 5},
         "2 declined charges, the last 5 days ago"),
        ("days_since_failed_payment", {"failed_payments": 1, "days_since_failed_payment": 5},
         "1 declined charge, it was 5 days ago"),
        ("failed_payments", {"failed_payments": 0}, "no declined charge so far"),
        ("failed_payments", {}, "declined charges so far: not known"),
        ("days_since_purchase", {}, "no purchase so far"),
        ("days_since_ticket", {"days_since_ticket": 3}, "last support ticket 3 days ago"),
        ("gap_mean_days", {"gap_mean_days": 4, "sessions_total": 11}, "11 sessions so far, one every 4 days"),
        ("plan", {"plan": 7}, "plan: gold"),
        ("plan", {"plan": 9}, "plan: #9"),
        ("plan", {}, "plan: not known"),
        ("paid", {"paid": 0}, "on a plan that is not paid"),
        ("weekend_share", {"weekend_share": 0.35}, "35 % of sessions on weekends"),
        ("month_of_year", {"month_of_year": 11}, "month of the year: November"),
        ("basket_mean", {"basket_mean": 12.5}, "usual purchase: 12.50"),
        ("tenure_days", {"tenure_days": 400.4}, "time with us: 400 days"),
    ],
)  # fmt: skip
def test_sentences(feature: str, values: dict[str, float], said: str) -> None:
    assert sentence(feature, User(vector(**values), NAMED)) == said


VALUES = st.one_of(
    st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, 1.0, 0.5, 1e-300, 1e300, -1e300, 1e9, 30.0]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-1, 50),
)


@settings(deadline=None, max_examples=60)
@given(arrays(np.float64, FEATURES, elements=VALUES))
def test_every_sentence_has_sense_for_any_values(x: np.ndarray) -> None:
    user = User(x, NAMED)
    for name in NAMES:
        said = sentence(name, user)
        assert not IMPOSSIBLE.search(said.replace("from −1 to 1", "trend")), said
        assert 3 < len(said) < 120


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.sampled_from(["sessions", "events"]),
    st.sampled_from(["30d", "13w"]),
)
def test_rose_and_fell_are_as_the_counts_went(now: int, before: int, stem: str, window: str) -> None:
    x = vector(**{f"{stem}_{window}": now})
    if now + before:
        x[INDEX[f"{stem}_trend_{window}"]] = (now - before) / (now + before)
    said = sentence(f"{stem}_trend_{window}", User(x, {}))
    if now and now != before:
        assert f"{'rose' if now > before else 'fell'} from {before:,} to {now:,} " in said
    else:
        assert "rose" not in said
        assert "fell" not in said


@settings(deadline=None, max_examples=60)
@given(arrays(np.float64, FEATURES, elements=VALUES), arrays(np.float64, FEATURES, elements=st.floats(-3, 3)))
def test_directions_are_those_of_the_weights(x: np.ndarray, weights: np.ndarray) -> None:
    found = reasons(x, exact(weights, 0.0), NAMED, top=99)
    assert sum(r.weight for r in found) == pytest.approx(weights.sum(), abs=1e-6)
    for reason in found:
        mine = sum(weights[i] for i, name in enumerate(NAMES) if theme_of(name) == reason.theme)
        assert reason.weight == pytest.approx(mine)
        assert direction(reason) == ("raises" if mine > 0 else "lowers")
    assert [abs(r.weight) for r in found] == sorted((abs(r.weight) for r in found), reverse=True)


def test_ten_windows_of_one_count_are_one_reason() -> None:
    x = vector(sessions_7d=0, sessions_30d=1, events_30d=9, days_since_last_session=9)
    found = reasons(
        x, parts(sessions_7d=0.5, sessions_30d=0.2, events_30d=-0.3, days_since_last_session=0.3), NAMED
    )
    assert [(r.text, r.theme) for r in found] == [
        ("no session in the last 7 days", "activity"),
        ("no session for 9 days; no usual gap is known yet", "silence"),
    ]
    assert found[0].weight == pytest.approx(0.4)


def test_the_words_are_of_a_feature_that_pulls_the_same_way() -> None:
    weighed = by_theme(parts(sessions_7d=-0.5, sessions_30d=0.3, events_30d=0.4).parts)
    assert NAMES[weighed[0].feature] == "events_30d"
    assert weighed[0].weight > 0
    weighed = by_theme(parts(sessions_7d=-0.5, sessions_30d=0.3).parts)
    assert NAMES[weighed[0].feature] == "sessions_7d"
    assert weighed[0].weight < 0


def test_what_changed_since_the_last_score() -> None:
    before, now = (
        vector(sessions_7d=5, days_since_last_session=2),
        vector(sessions_7d=1, days_since_last_session=6),
    )
    found = changes(
        (before, parts(sessions_7d=-0.5, days_since_last_session=-0.2)),
        (now, parts(sessions_7d=0.1, days_since_last_session=0.9)),
        NAMED,
        served_before=-2.0,
    )
    assert [r.text for r in found] == [
        "time since the last session: 2 days → 6 days",
        "sessions in the last 7 days: 5 → 1",
        "another version of the model",
    ]
    assert [r.weight for r in found] == pytest.approx([1.1, 0.6, 0.3])


def test_nothing_changed_is_no_reason() -> None:
    user = vector(sessions_7d=5), parts(sessions_7d=-0.5)
    assert changes(user, user, NAMED, served_before=-1.5) == []


def test_chance_of_sampling_is_no_change() -> None:
    x = vector(sessions_7d=5)
    assert changes((x, parts(sessions_7d=-0.5)), (x, parts(sessions_7d=-0.4)), NAMED) == []


@settings(deadline=None, max_examples=40)
@given(arrays(np.float64, FEATURES, elements=VALUES), arrays(np.float64, FEATURES, elements=VALUES))
def test_changes_have_sense_for_any_values(before: np.ndarray, now: np.ndarray) -> None:
    weights = np.linspace(-1, 1, FEATURES)
    for reason in changes((before, exact(weights, 0.0)), (now, exact(-weights, 0.0)), NAMED, top=99):
        assert not IMPOSSIBLE.search(reason.text.replace("from −1 to 1", "trend")), reason.text


def test_a_share_that_no_percentage_holds_is_not_known() -> None:
    assert in_words("refunded_share", 1.7e308, NAMED) == "not known"
    assert in_words("refunded_share", 1.5, NAMED) == "150 %"


def test_every_feature_has_a_theme_and_every_action_a_theme() -> None:
    assert {theme_of(feature.name) for feature in CATALOGUE} == set(THEMES)
    assert set(DEFAULT) - {"any"} <= set(THEMES)


def test_a_name_is_said_whatever_its_code() -> None:
    words = [f"plan {n}" for n in range(50)]
    names = {code_of(word): word for word in words}
    assert any(code > 2e9 for code in names)
    assert [in_words("plan", float(code), names) for code in names] == words
    assert in_words("plan", 2.0**32, names) == "not known"
