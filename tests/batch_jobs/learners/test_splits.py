"""Nobody learns what was not known by then."""

import numpy as np
import pytest

from batch_jobs.learners.splits import before, folds, parts
from domain.calendar import DAY_MS
from tests.batch_jobs.learners.crowd import BEGIN, crowd


def test_each_part_knows_only_what_was_due_when_the_next_began() -> None:
    examples = crowd(3_000)
    found = parts(examples, 0.15, 0.2)
    for known, later in ((found.train, found.calibrate), (found.calibrate, found.test)):
        assert examples.dues[known].max() <= examples.times[later].min()
    assert examples.times[found.test].min() >= BEGIN + 239 * DAY_MS
    assert found.test[-1] == examples.size - 1
    # nothing that may be learned is left out
    border = examples.times[found.calibrate].min()
    assert len(found.train) == pytest.approx((examples.dues <= border).sum(), abs=2)


def test_folds_know_only_what_was_due_when_they_began() -> None:
    examples = crowd(4_000)
    rows = parts(examples, 0.15, 0.2).train
    found = folds(examples, rows, 3, 5)
    assert found
    for fold in found:
        assert examples.dues[fold.learn].max() <= fold.begins <= examples.times[fold.judge].min()
        assert examples.times[fold.judge].max() < fold.ends
        assert set(fold.learn) | set(fold.judge) <= set(rows)
    judged = np.concatenate([fold.judge for fold in found])
    assert len(set(judged)) == len(judged)


def test_parts_with_too_few_of_an_outcome_are_left_out() -> None:
    examples = crowd(400)
    assert folds(examples, np.arange(examples.size), 4, 1_000) == []
    nothing = examples.take(np.zeros(0, np.int64))
    assert [len(part) for part in parts(nothing, 0.1, 0.2)] == [0, 0, 0]
    train, calibrate = before(examples, np.arange(examples.size), BEGIN, 0.1)
    assert len(train) == len(calibrate) == 0
