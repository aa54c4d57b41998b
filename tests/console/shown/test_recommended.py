"""The table of recommended actions, edited by cell."""

from console.shown.recommended import cell, edited, themes

TABLE = {"any": {"high": "Call.", "medium": "Write."}, "silence": {"high": "Ask."}, "plan": {}}


def test_what_a_row_does_not_say_the_last_one_does() -> None:
    assert themes(TABLE) == ["plan", "silence", "any"]
    assert cell(TABLE, "silence", "high") == "Ask."
    assert cell(TABLE, "silence", "medium") == "Write."
    assert cell({"plan": {}}, "plan", "high") == ""


def test_an_edit_keeps_all_others() -> None:
    made = edited(TABLE, "plan", "high", "  Offer a smaller plan. ")
    assert made == {**TABLE, "plan": {"high": "Offer a smaller plan."}}
    assert edited(made, "plan", "high", " ")["plan"] == {}
    assert TABLE["plan"] == {}, "the one that was given is as it was"
