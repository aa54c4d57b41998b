"""Differences are found wherever they hide, and none is found where there is none."""

import pickle
from collections import Counter, deque
from typing import Any

import msgspec
import numpy as np
import pytest

from online_model.learners.line_up import KINDS, make
from tests.chaos.plain import differences
from tests.online_model.learners.rows import HORIZON_MS, examples


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Whole(msgspec.Struct):
    parts: list[Any]


def whole(number: float, array: float) -> Whole:
    return Whole([{"a": deque([Slotted(number)])}, np.array([1.0, array]), Counter("ab"), {"x", "y"}, None])


def test_equal_parts_do_not_differ_though_they_are_other_objects() -> None:
    assert list(differences(whole(1.0, np.nan), pickle.loads(pickle.dumps(whole(1.0, np.nan))))) == []


def test_the_last_bit_of_a_number_or_an_array_is_found() -> None:
    assert list(differences(whole(0.3, 0.0), whole(0.1 + 0.2, 0.0))) == [
        "/parts/0/a/0/value: '0x1.3333333333333p-2' and '0x1.3333333333334p-2'"
    ]
    (found,) = differences(whole(1.0, 0.0), whole(1.0, -0.0))
    assert found.startswith("/parts/1: ")


def test_what_is_missing_is_found() -> None:
    assert list(differences({"a": 1}, {"a": 1, "b": 2})) == ["/b is on one side only"]
    assert list(differences([1, 2], [1])) == ["/1 is on one side only"]


def test_what_points_at_itself_comes_to_an_end() -> None:
    one, other = Slotted(None), Slotted(None)
    one.value, other.value = one, other
    assert list(differences(one, other)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_one_example_more_is_seen_in_every_learner(kind: str) -> None:
    learner = make(kind, 7, HORIZON_MS)
    x, lost, weights = examples(120)
    learner.learn_many(x, lost, weights)
    again = pickle.loads(pickle.dumps(learner))
    assert list(differences(learner, again)) == []
    again.learn_many(x[:1], lost[:1], weights[:1])
    learned = [d for d in differences(learner, again) if not d.startswith("/learned")]
    assert learned, f"only the count of examples tells {kind} apart"
