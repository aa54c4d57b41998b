"""Nothing changed: the digits of the list. Something changed: what the model says of the changed features."""

import csv
from pathlib import Path

import numpy as np
import pytest

from advisor.exports.lists import predictions
from advisor.training.kept import model, person
from api.problems import ProblemError
from api.workspaces import shelf
from api.workspaces.shelf import Held, Shelf
from api.workspaces.supposing import COMPARED, suppose
from domain.calendar import DAY_MS
from domain.catalogue import INDEX
from domain.features import features
from online_model.explain.attribution import Attribution, odds_of
from online_model.explain.explain import explain
from online_model.learners.learner import Matrix, Scorer
from profiles.questions import UnfitFeatureError


@pytest.fixture
def folder(workspace: Path) -> Path:
    return workspace / "results"


@pytest.fixture
def held(folder: Path) -> Held:
    return Shelf().results(folder)


def test_nothing_changed_is_the_digits_of_the_list(held: Held) -> None:
    listed = list(csv.DictReader(predictions(held.table, None).decode().splitlines()))
    asked = 0
    for row in listed:
        if row["probability"]:
            found = suppose(held, row["user"], 0.0, {})
            assert repr(found.before.score) == repr(found.after.score) == row["probability"]
            assert found.before.tier == found.after.tier == row["tier"]
            assert (found.features, found.moved, found.user) == ([], [], row["user"])
            asked += 1
    assert asked > 30


def test_what_is_changed_is_scored_and_its_parts_add_up(held: Held, folder: Path) -> None:
    scorer = model(folder).part.scorer
    for row, user in enumerate(held.table["user"].to_pylist()[:20]):
        one = person(folder, row)
        x = features(one.state, np.array([0]), np.array([one.as_of_ms + 9 * DAY_MS]))
        x[0, INDEX["orders_26w"]] = 2.0
        found = suppose(held, user, 9.0, {"orders_26w": 2.0})
        assert found.after.score == float(scorer.score(x)[0])
        changed = {moved.name: moved.after for moved in found.features}
        assert changed["days_since_last_session"] == pytest.approx(x[0, INDEX["days_since_last_session"]])
        total = sum(moved.contribution or 0.0 for moved in found.features)
        assert total == pytest.approx(odds_of(found.after.score) - odds_of(found.before.score), abs=1e-9)


def test_names_are_names(held: Held) -> None:
    user = held.table["user"][0].as_py()
    (found,) = (m for m in suppose(held, user, 0.0, {"channel": "fair"}).features if m.name == "channel")
    assert found.before in ("shop", "web")
    assert found.after == "fair"


def test_who_cannot_be_asked_for(held: Held) -> None:
    gone = held.table["user"].to_pylist()[-1]
    for user, status in (("nobody", 404), (gone, 409)):
        with pytest.raises(ProblemError) as fault:
            suppose(held, user, 0.0, {})
        assert fault.value.status == status
    with pytest.raises(UnfitFeatureError):
        suppose(held, _first(held), 0.0, {"consistency": 1e12})


def test_who_is_sampled_is_compared_with_fewer(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[int]()

    def counted(scorer: Scorer, x: Matrix, background: Matrix, rng: np.random.Generator) -> list[Attribution]:
        seen.append(len(background))
        return explain(scorer, x, background, rng)

    monkeypatch.setattr("profiles.questions.explain", counted)
    suppose(held, _first(held), 1.0, {})
    assert seen == [COMPARED, COMPARED]


def test_the_shelf_holds_the_last_and_knows_what_was_replaced(folder: Path, tmp_path: Path) -> None:
    full = Shelf()
    first = full.results(folder)
    assert full.results(folder) is first
    other = tmp_path / "results"
    other.mkdir()
    (other / "customers.parquet").write_bytes((folder / "customers.parquet").read_bytes())
    held = full.results(other)
    assert full.results(folder) is first
    with pytest.raises(ProblemError) as fault:
        suppose(held, _first(held), 0.0, {})
    assert (fault.value.status, fault.value.kind) == (409, "train_again")
    (other / "more").touch()
    assert full.results(other) is not held, "other results are in place"
    assert full.results(folder) is first
    small = Shelf(1)
    one = small.results(folder)
    small.results(other)
    assert small.results(folder) is not one


def test_results_that_were_replaced_meanwhile_are_not_mixed(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "mark_of", lambda _: (0, 0, 0))
    with pytest.raises(ProblemError) as fault:
        suppose(held, _first(held), 0.0, {})
    assert (fault.value.status, fault.value.kind) == (409, "not_now")


def _first(held: Held) -> str:
    return str(held.table["user"][0].as_py())
