"""What is read back is what was there, digit by digit: model, features, states, names."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from advisor.training.customers import features_at_the_end
from advisor.training.kept import keep, keep_people, model, person
from advisor.training.names import MODEL, PEOPLE
from advisor.training.replayed import Replayed, replayed
from advisor.training.words import words
from domain.catalogue import INDEX
from domain.features import features
from online_model.registry.errors import DamagedError, MismatchError, NotThereError
from tests.advisor.training.files import prepared, shop
from tests.advisor.training.kept import FACTS

NAMES = ("logistic", "ftrl", "forest", "own_rhythm")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("kept"), shop(1))


@pytest.fixture(scope="module")
def past(folder: Path) -> Replayed:
    return replayed(folder / "events.parquet", FACTS, NAMES, 3, ("logistic",))


def test_every_kind_of_model_scores_alone_as_it_did_among_all(past: Replayed, tmp_path: Path) -> None:
    _, x = features_at_the_end(past)
    lineup = past.watched.trainer.training.lineup
    asked = 0
    for name in lineup.names:
        scorer = lineup.scorer(name)
        if scorer is None:
            continue
        version = keep(tmp_path, past, name, scorer, (), 3)
        found = model(tmp_path)
        assert (found.manifest.version, found.part.contestant) == (version, name)
        alone = [float(found.part.scorer.score(row[None])[0]) for row in x[:40]]
        assert alone == scorer.score(x)[:40].tolist()
        assert len(found.part.background) == 64
        asked += 1
    assert asked >= len(NAMES) + 1
    assert len(list((tmp_path / MODEL).glob("*-*"))) == 1, "the former one is gone"


def test_every_customer_is_as_at_the_end(
    folder: Path, past: Replayed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advisor.training.kept._TOGETHER", 16)
    users, x = features_at_the_end(past)
    order = sorted(users, reverse=True)
    channels = _channels(folder)
    keep_people(tmp_path, past, order, words(folder / "events.parquet"))
    for row, user in enumerate(order):
        found = person(tmp_path, row)
        assert (found.user, found.as_of_ms) == (user, past.last_ms)
        assert np.array_equal(found.features, x[users.index(user)], equal_nan=True)
        now = features(found.state, np.array([0]), np.array([found.as_of_ms]))[0]
        assert np.array_equal(now, found.features, equal_nan=True)
        assert set(found.names.values()) == {"shop", "web"}
        assert found.names[int(found.features[INDEX["channel"]])] == channels[user]


def _channels(folder: Path) -> dict[str, str]:
    """Of every customer's first purchase: how the customer came."""
    events = pq.read_table(folder / "events.parquet").to_pylist()
    return {event["user"]: str(event["channel"]) for event in reversed(events)}


def test_what_is_not_whole_or_of_another_program_is_refused(
    folder: Path, past: Replayed, tmp_path: Path
) -> None:
    with pytest.raises(NotThereError):
        model(tmp_path)
    with pytest.raises(FileNotFoundError):
        person(tmp_path, 0)
    scorer = past.watched.trainer.training.lineup.scorer("logistic")
    assert scorer is not None
    version = keep(tmp_path, past, "logistic", scorer, (), 3)
    arrays = tmp_path / MODEL / version / "scorer.npz"
    whole = arrays.read_bytes()
    arrays.write_bytes(whole[:-1])
    with pytest.raises(DamagedError):
        model(tmp_path)
    arrays.write_bytes(whole)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("online_model.registry.registry.feature_schema", lambda: "other")
        with pytest.raises(MismatchError):
            model(tmp_path)
    users, _ = features_at_the_end(past)
    keep_people(tmp_path, past, users, {})
    table = pq.read_table(tmp_path / PEOPLE)
    pq.write_table(table.drop_columns(["orders_total"]), tmp_path / PEOPLE)
    with pytest.raises(DamagedError):
        person(tmp_path, 0)
