"""What the announcement says."""

import msgspec
import pytest

from online_model.registry.announcement import Announcement, AnnouncementError, Share, decode, encode
from online_model.tiers import Thresholds


def announced(*shares: tuple[str, float]) -> Announcement:
    return Announcement(
        role="champion",
        lineage="00112233445566aa",
        address="s3://models/here",
        shares=tuple(Share(version=v, manifest_sha256="0" * 64, share=s) for v, s in shares),
        decided_ms=1_700_000_000_000,
        reason="better by 2 % on 20,000 examples",
    )


@pytest.mark.parametrize("shares", [[], [("new", 1.0)], [("new", 0.1), ("old", 0.9)]])
def test_it_comes_back(shares: list[tuple[str, float]]) -> None:
    announcement = announced(*shares)
    key, value = encode(announcement)
    assert key == b"champion"
    assert decode(key, value) == announcement


@pytest.mark.parametrize(
    "shares", [[("a", 0.5)], [("a", 0.5), ("b", 0.6)], [("a", 0.5), ("a", 0.5)], [("a", 0.0), ("b", 1.0)]]
)
def test_shares_that_make_no_sense(shares: list[tuple[str, float]]) -> None:
    with pytest.raises(AnnouncementError):
        encode(announced(*shares))
    with pytest.raises(AnnouncementError):
        decode(b"champion", msgspec.json.encode(announced(*shares)))


def test_where_tiers_begin_comes_back_and_must_make_sense() -> None:
    announcement = msgspec.structs.replace(announced(("new", 1.0)), thresholds=Thresholds(0.2, 0.5))
    assert decode(*encode(announcement)).thresholds == Thresholds(0.2, 0.5)
    for wrong in (Thresholds(0.6, 0.5), Thresholds(-0.1, 0.5)):
        with pytest.raises(AnnouncementError, match="tiers that begin"):
            encode(msgspec.structs.replace(announcement, thresholds=wrong))


def test_what_is_no_announcement() -> None:
    key, value = encode(announced(("new", 1.0)))
    for wrong in (None, b"", b"{}", b"\xff", b"[]", value[:-5], value.replace(b'"format":1', b'"format":2')):
        with pytest.raises(AnnouncementError):
            decode(key, wrong)
    with pytest.raises(AnnouncementError, match="under the key b'challenger'"):
        decode(b"challenger", value)
