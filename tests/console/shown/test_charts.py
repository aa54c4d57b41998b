"""A picture that leaves its page."""

from xml.etree import ElementTree as ET

from console.shown.charts import file_name, standalone

DRAWN = (
    '<svg width="200" height="100" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100">'
    '<text fill="currentColor">July &amp; August</text></svg>'
)


def test_it_is_dark_on_white_wherever_it_goes() -> None:
    root = ET.fromstring(standalone(DRAWN))
    paper, words = root
    assert paper.attrib == {"width": "100%", "height": "100%", "fill": "#ffffff"}
    assert (words.text, words.attrib["fill"]) == ("July & August", "#1f2933")
    assert root.attrib["viewBox"] == "0 0 200 100"


def test_its_file_is_named_after_its_title() -> None:
    assert file_name("Who stays: days since the first purchase / 95 %") == (
        "who-stays-days-since-the-first-purchase-95.svg"
    )
    assert file_name("客户") == "picture.svg"
