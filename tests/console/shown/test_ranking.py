"""The explorer's way through a ranking."""

from console.shown.ranking import Paged, Wish, rows, wish_of


def test_what_makes_no_sense_in_an_address_is_left_out() -> None:
    assert wish_of({"sort": "value", "tier": "high", "segment": "Loyal"}) == Wish("value", "high", "Loyal")
    assert wish_of({"sort": "; drop", "tier": "all"}) == Wish()
    assert Wish(tier="high").parameters() == {
        "sort": "risk", "tier": "high", "segment": None, "search": None, "limit": 100,
    }  # fmt: skip


def at(way: Paged) -> tuple[str | None, bool, bool]:
    return way.cursor, way.first, way.last


def test_forth_and_back() -> None:
    way = Paged()
    assert at(way) == (None, True, True)
    way.read("a")
    assert way.told(100, 250) == "1 to 100 of 250"
    way.forth()
    way.read("b")
    assert at(way) == ("a", False, False)
    way.forth()
    way.read(None)
    assert at(way) == ("b", False, True)
    assert way.told(50, 250) == "201 to 250 of 250"
    way.forth()
    assert at(way) == ("b", False, True), "there is nothing behind the last one"
    for _ in range(3):
        way.back()
    assert at(way) == (None, True, True)
    assert way.told(0, 0) == "No customer fits."


def test_ids_are_text_and_never_markup() -> None:
    (row,) = rows(
        [
            {
                "user": '<img src=x onerror="alert(1)">&/', "score": 0.5, "tier": "medium", "value_at_risk": None,
                "changed": 86_400_000, "as_of": 3 * 86_400_000, "plan": None, "platform": "web", "channel": None,
            }
        ]
    )  # fmt: skip
    assert "<img" not in row["user"]
    assert 'href="/customer?user=%3Cimg%20src%3Dx%20onerror%3D%22alert%281%29%22%3E%26%2F"' in row["user"]
    assert (row["value"], row["seen"], row["plan"]) == ("–", "1970-01-02, 2 days ago", "")
