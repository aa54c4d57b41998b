"""One customer: sliders stand where the values are, and what was moved is told."""

from typing import Any

from console.shown.person import amount, changed, digits, knobs, moved_rows, reason_rows


def feature(
    name: str, value: float | str | None, contribution: float, unit: str = "sessions"
) -> dict[str, Any]:
    return {
        "name": name, "label": name.replace("_", " "), "value": value, "unit": unit, "window": "30 d",
        "contribution": contribution,
    }  # fmt: skip


def test_the_heaviest_numbers_have_sliders_and_silence_has_its_own() -> None:
    given = [
        feature("days_since_last_session", 12, 3.0, "d"),
        feature("plan", "pro", 2.0, "code"),
        feature("unknown", None, 1.5),
        feature("sessions_30d", 4, -1.0),
        feature("share", 0.25, 0.5, "1"),
        feature("sessions_trend_30d", -0.5, 0.4, "1"),
    ]
    made = {knob.name: knob for knob in knobs(given)}
    assert list(made) == ["sessions_30d", "share", "sessions_trend_30d"]
    assert (made["sessions_30d"].low, made["sessions_30d"].high, made["sessions_30d"].step) == (0, 10, 1)
    assert (made["share"].low, made["share"].high, made["share"].step) == (0, 1, 0.01)
    assert (made["sessions_trend_30d"].low, made["sessions_trend_30d"].high) == (-1, 1)
    for knob in made.values():
        assert knob.low <= knob.value <= knob.high


def test_what_was_not_moved_is_not_asked() -> None:
    given = knobs([feature("sessions_30d", 4, -1.0), feature("share", 0.25, 0.5, "1")])
    assert changed({"sessions_30d": 4.0, "share": 0.5}, given) == {"share": 0.5}


def test_reasons_without_weight_are_left_out() -> None:
    themes: list[dict[str, Any]] = [
        {"text": "no session for 12 days", "direction": "raises", "weight": 1.234},
        {"text": "month", "direction": "lowers", "weight": -0.001},
        {"text": "baseline", "direction": "raises", "weight": None},
    ]
    assert reason_rows(themes) == [
        ("no session for 12 days", "raises the risk", "+1.23"), ("baseline", "raises the risk", ""),
    ]  # fmt: skip


def test_what_has_moved() -> None:
    moved = [{"label": "sessions", "before": 4, "after": 0.5, "contribution": -0.25}] * 12
    assert moved_rows(moved) == [("sessions", "4", "0.50", "−0.250")] * 10
    assert [amount(value) for value in (None, "pro", 3, 3.14159)] == ["–", "pro", "3", "3.14"]
    assert digits(0.1 + 0.2) == "0.30000000000000004"
