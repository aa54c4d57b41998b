"""Groups as one choice."""

from console.shown.groups import dimensions, options, parted


def test_everybody_comes_first_and_pairs_are_left_out() -> None:
    rows = [
        {"dimension": "plan", "value": "pro", "second": ""},
        {"dimension": "all", "value": "all", "second": ""},
        {"dimension": "plan", "value": "team", "second": "platform"},
        {"dimension": "plan", "value": "pro", "second": ""},
    ]
    assert options(rows) == {"all=all": "Everybody", "plan=pro": "Plan: pro"}


def test_a_value_may_hold_the_sign_that_parts_them() -> None:
    assert parted("channel=a=b") == ("channel", "a=b")


def test_dimensions_of_which_nothing_is_known_are_left_out() -> None:
    rows = [
        {"group_kind": "all", "group": "all"},
        {"group_kind": "platform", "group": "unknown"},
        {"group_kind": "plan", "group": "unknown"},
        {"group_kind": "plan", "group": "pro"},
    ]
    assert dimensions(rows, "group_kind") == {"all": "Everybody", "plan": "By plan"}
