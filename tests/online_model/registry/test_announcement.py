"""What the announcement says, and whom each version serves."""

import msgspec
import numpy as np
import pytest

from online_model.registry.announcement import Announcement, AnnouncementError, Share, decode, encode

USERS = [f"user-{n}" for n in range(20_000)]


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


def test_what_is_no_announcement() -> None:
    key, value = encode(announced(("new", 1.0)))
    for wrong in (None, b"", b"{}", b"\xff", b"[]", value[:-5], value.replace(b'"format":1', b'"format":2')):
        with pytest.raises(AnnouncementError):
            decode(key, wrong)
    with pytest.raises(AnnouncementError, match="under the key b'challenger'"):
        decode(b"challenger", value)


def test_a_share_that_grows_keeps_its_users() -> None:
    served = [announced(("new", s), ("old", 1 - s)).assigned(USERS) == 0 for s in (0.05, 0.25, 0.75)]
    for share, chosen in zip((0.05, 0.25, 0.75), served, strict=True):
        assert chosen.mean() == pytest.approx(share, abs=0.01)
    assert (served[1] | ~served[0]).all()
    assert (served[2] | ~served[1]).all()
    assert not announced(("new", 1.0)).assigned(USERS).any()


def test_others_go_first_at_the_next_roll_out() -> None:
    first = announced(("one", 0.1), ("old", 0.9)).assigned(USERS) == 0
    second = announced(("two", 0.1), ("one", 0.9)).assigned(USERS) == 0
    assert (first & second).mean() == pytest.approx(0.01, abs=0.005)


def test_three_versions_have_their_shares() -> None:
    found = np.bincount(announced(("a", 0.2), ("b", 0.3), ("c", 0.5)).assigned(USERS)) / len(USERS)
    assert found == pytest.approx([0.2, 0.3, 0.5], abs=0.02)


def test_the_baseline_assigns_nobody() -> None:
    with pytest.raises(ValueError, match="baseline"):
        announced().assigned(USERS)
