"""A file on its way, in words."""

from typing import Any

from console.shown.files import (
    STEPS,
    Watched,
    amount_is,
    facts,
    kept_words,
    lacking,
    left_out,
    mapping_said,
    offers,
    preview_table,
    progress_words,
    size_words,
    state_words,
    step,
    time_words,
    watched,
)

NEW: dict[str, Any] = {
    "state": "uploaded", "size": 140_500, "rows": None, "events": None, "customers": None, "created": 86_400_000,
    "expires": 2 * 86_400_000, "mapping": None, "proposed": {}, "proposed_amount_is": None, "rejected": {},
}  # fmt: skip
PROPOSED = {
    "customer": {"column": "who", "why": "its name means customer"},
    "date": {"column": "when", "why": "dates"},
}


def test_steps() -> None:
    states = ("uploaded", "read", "mapping", "mapped", "training", "trained")
    assert [step(NEW | {"state": state}) for state in states] == [0, 1, 1, 2, 3, 4]
    assert len(STEPS) == 5
    failed = NEW | {"state": "failed"}
    assert [step(failed | more) for more in ({}, {"rows": 3}, {"rows": 3, "events": 2})] == [0, 1, 3]
    assert state_words(failed) == "refused"


def test_facts() -> None:
    assert facts(NEW) == "140.5 kB · sent 1970-01-02 00:00 · deleted by itself 1970-01-03 00:00"
    assert facts(NEW | {"rows": 2627, "events": 2600, "customers": 110}).startswith(
        "140.5 kB · 2,627 rows · 2,600 usable · 110 customers · "
    )
    assert [size_words(size) for size in (0, 48_039_726)] == ["0.1 kB", "48.0 MB"]
    assert left_out(NEW | {"rejected": {"no_user": 135_080}}) == [("No user", "135,080")]


def test_offers_are_what_is_proposed_until_somebody_has_said_otherwise() -> None:
    read = NEW | {"proposed": PROPOSED, "proposed_amount_is": "unit_price"}
    assert offers(read)["customer"] == ("who", "its name means customer")
    assert offers(read)["plan"] == (None, "")
    assert amount_is(read) == "unit_price"
    said = read | {"mapping": {"columns": {"customer": "other", "date": "when"}, "amount_is": "total"}}
    assert offers(said)["customer"] == ("other", "")
    assert offers(said)["date"] == ("when", "dates")
    assert amount_is(said) == "total"
    assert amount_is(NEW) == "total"


def test_a_mapping_leaves_out_what_is_not_named() -> None:
    chosen = {"customer": "who", "date": "when", "plan": None}
    assert lacking(chosen) == "Say which columns are: amount."
    assert lacking(chosen | {"amount": "total"}) == ""
    assert mapping_said(chosen, "total") == {
        "columns": {"customer": "who", "date": "when"},
        "amount_is": "total",
    }


def test_the_time_left_is_told_by_the_pace_of_the_stage() -> None:
    first = {"stage": "predicting", "share": 0.2, "at_ms": 10_000}
    since = watched(None, first)
    assert since == Watched("predicting", 0.2, 10_000)
    assert progress_words(first, since) == "Predicting: 20 %"
    later = {"stage": "predicting", "share": 0.6, "at_ms": 30_000}
    assert watched(since, later) is since
    assert progress_words(later, since) == "Predicting: 60 %, this stage for about 20 s more"
    assert watched(since, later | {"stage": "fitting"}).stage == "fitting"
    assert [time_words(seconds) for seconds in (5, 90, 600)] == ["5 s", "2 min", "10 min"]


def test_first_rows() -> None:
    assert preview_table([{"_row": 1, "a": "x", "b": None}], [{"name": "a"}, {"name": "b"}]) == [["x", ""]]


def test_from_where_a_training_goes_on() -> None:
    assert kept_words(NEW | {"kept": None, "learn": None}) == ""
    words = kept_words(NEW | {"kept": 0.6, "learn": {"inactivity_days": 58}})
    assert words == "The last training was ended at 60 %: one with 58 days of silence goes on from there."
