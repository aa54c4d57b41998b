"""A training that was ended anywhere and goes on finds what one in one go finds, to the bit."""

from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.insights.campaigns import Offer
from advisor.training.reached import reached
from advisor.training.training import Asked, Summary, train
from domain.calendar import DAY_MS
from ebbwatch.settings import Settings
from online_model.training.merge import HOUR_MS
from online_model.training.training import Training
from tests.advisor.training.files import prepared, shop

FACTS = Settings().model_copy(update={"horizon_days": 10, "inactivity_days": 20}).facts()
ASKED = Asked(
    facts=FACTS, contestants=("logistic", "agile"), learners=("logistic",), seed=3, offer=Offer(contact=2.0)
)


class EndedError(Exception):
    """As a cancelled training has it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("paused"), shop(1))


@pytest.fixture(scope="module")
def in_one_go(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Summary, pa.Table]:
    return train(folder / "events.parquet", tmp_path_factory.mktemp("whole"), ASKED)


class Ending:
    """Ends a training as soon as so much of it is kept."""

    def __init__(self, paused: Path, share: float) -> None:
        self._paused, self._share = paused, share

    def __call__(self, _stage: str, _done: float) -> None:
        found = reached(self._paused)
        if found is not None and found.share >= self._share:
            raise EndedError


def hours_taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of event time, each time that they are learned from."""
    taken = list[int]()
    take = Training.take

    def noted(training: Training, hour: Any) -> Any:
        taken.append(hour.hour)
        return take(training, hour)

    monkeypatch.setattr(Training, "take", noted)
    return taken


@pytest.mark.parametrize("share", [0.2, 0.4, 0.8, 1.0])
def test_it_finds_what_one_in_one_go_finds(
    folder: Path,
    tmp_path: Path,
    in_one_go: tuple[Summary, pa.Table],
    share: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paused, events = tmp_path / "paused", folder / "events.parquet"
    taken = hours_taken(monkeypatch)
    with pytest.raises(EndedError):
        train(events, tmp_path, ASKED, Ending(paused, share), paused)
    assert taken
    taken.clear()
    told = list[tuple[str, float]]()
    summary, table = train(events, tmp_path, ASKED, lambda what, at: told.append((what, at)), paused)
    times = pq.read_table(events, columns=["time_ms"])["time_ms"].to_numpy()
    kept = times[int(share * (len(times) - 1))]
    assert min(taken) * HOUR_MS >= kept - 2 * DAY_MS, "what was learned is not learned again"
    assert all(at >= share for what, at in told if what == "predicting, then learning" and at)
    whole, customers = in_one_go
    assert any("~" in contestant.name for contestant in whole.contestants), "batch learners take part"
    assert msgspec.json.encode(summary) == msgspec.json.encode(whole)
    assert table.equals(customers)


def test_it_may_be_ended_more_than_once(
    folder: Path, tmp_path: Path, in_one_go: tuple[Summary, pa.Table]
) -> None:
    paused, events = tmp_path / "paused", folder / "events.parquet"
    for share in (0.2, 0.4, 0.8):
        with pytest.raises(EndedError):
            train(events, tmp_path, ASKED, Ending(paused, share), paused)
    assert msgspec.json.encode(train(events, tmp_path, ASKED, paused=paused)[0]) == msgspec.json.encode(
        in_one_go[0]
    )


@pytest.mark.parametrize("how", ["other", "damaged"])
def test_what_cannot_be_gone_on_from_is_learned_anew(
    folder: Path, tmp_path: Path, how: str, in_one_go: tuple[Summary, pa.Table]
) -> None:
    paused, events = tmp_path / "paused", folder / "events.parquet"
    first = msgspec.structs.replace(ASKED, seed=4) if how == "other" else ASKED
    with pytest.raises(EndedError):
        train(events, tmp_path, first, Ending(paused, 0.4), paused)
    if how == "damaged":
        content = bytearray((paused / "checkpoint").read_bytes())
        content[-1] ^= 1
        (paused / "checkpoint").write_bytes(content)
    assert msgspec.json.encode(train(events, tmp_path, ASKED, paused=paused)[0]) == msgspec.json.encode(
        in_one_go[0]
    )
