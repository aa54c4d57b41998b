"""A model that a batch job has refitted enters the tournament, and is promoted by the rule that all are."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pytest
from confluent_kafka import Producer

from batch_jobs.job import Tables
from batch_jobs.learners.examples import newest
from batch_jobs.learners.job import Learners
from batch_jobs.learners.settings import LearnerSettings
from batch_jobs.results.results import open_results
from batch_jobs.results.run import Basis
from control.decisions import decisions, orders
from domain.catalogue import NAMES
from domain.labels import encode
from ebbwatch.deployment import Deployment, open_deployment
from ebbwatch.entering import Entering
from ebbwatch.processes import archive_folder, registry_address, registry_key_of, results_address
from ebbwatch.settings import Settings
from online_model.ledger.ledger import Ledger
from online_model.refitted.candidates import candidates, scorer_of
from online_model.training.merge import TOPICS
from tests.batch_jobs.learners.stars import star_at
from tests.integration.place import Place, eventually
from tests.online_model.training.histories import BEGIN_MS, DAY_MS, History, blocks, history

PARTITIONS = 2
MIDDLE_MS = BEGIN_MS + 100 * DAY_MS
SETTINGS = LearnerSettings(kinds=("logistic",), trials=1, folds=2, least=15, features=1, budget_s=0)


@pytest.fixture
def place(make_place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch) -> Place:
    """Outcomes are due after ten days; nobody but the refitted model could take the baseline's place."""
    found = make_place(
        trainer=True,
        partitions=PARTITIONS,
        inactivity_days=9,
        horizon_days=9,
        contestants=json.dumps(["own_rhythm"]),
    )
    for name, value in found.environ().items():
        monkeypatch.setenv(name, value)
    return found


def fill(here: Deployment, h: History, *, early: bool) -> None:
    """The history's blocks of one half, as workers would send them."""
    settings = here.settings
    names = {"snapshots": settings.snapshot_topic, "outcomes": settings.outcome_topic}
    producer = Producer({"bootstrap.servers": here.at.kafka, "enable.idempotence": True})  # keeps their order
    found = blocks(h, PARTITIONS, np.random.default_rng(0))
    for topic in TOPICS:
        for block in found[topic]:
            if (block.upto <= MIDDLE_MS) == early:
                value = encode(msgspec.structs.replace(block, lineage=here.lineage))
                producer.produce(names[topic], value=value, partition=0)
    assert producer.flush(30) == 0


def refit(settings: Settings) -> Tables:
    """As the batch job does, with a result that is kept as its results are."""
    address, key = registry_address(settings), registry_key_of(settings).encode()
    job = Learners(
        lambda: newest(archive_folder(settings)), lambda: candidates(address, key), time.monotonic, SETTINGS
    )
    star = star_at(MIDDLE_MS, settings.facts())
    tables = job(star, lambda _what, _share: None)
    basis = Basis(as_of=star.as_of.date(), settings="", archive="")
    open_results(results_address(settings), 2).write(job.name, basis, tables, 1, lambda: 2, lambda: None)
    return tables


def predicted(ledger: Ledger, name: str, since_ms: int, said: Callable[[Any], Any]) -> int:
    """How many snapshots of the ledger were predicted: all from the midnight on, and by the candidate itself."""
    table, found = ledger.read(), 0
    x = np.column_stack([table[feature].to_numpy() for feature in NAMES])
    since = datetime.fromtimestamp(since_ms / 1000, UTC)
    rows = zip(table["time"].to_pylist(), table["predictions"].to_pylist(), said(x), strict=True)
    for at, predictions, expected in rows:
        by_name = dict(predictions)
        assert "own_rhythm" in by_name
        assert (name in by_name) == (at >= since)
        if name in by_name:
            assert by_name[name] == expected
            found += 1
    return found


def serving(place: Place) -> set[str]:
    """Contestants that serve."""
    return {row["contestant"] for row in place.report("model", "show")["serves"]}


def test_it_enters_is_scored_on_the_same_snapshots_and_promoted(place: Place) -> None:
    settings = Settings()
    here = open_deployment(settings)
    at, h = here.model_topics, history(4, users=100, days=160)
    fill(here, h, early=True)
    with place.trainer():
        ledger = Ledger(archive_folder(settings), here.lineage)
        half = MIDDLE_MS // DAY_MS - 15  # blocks end before it
        eventually("half of it is learned", lambda: [day for day in ledger.days() if day > half])
        (model,) = refit(settings)["learner_models"].to_pylist()
        results = open_results(results_address(settings), 2)
        for _ in range(2):
            Entering(settings)(results)  # the second one finds that it was ordered
        eventually("the trainer names the midnight", lambda: len(orders(at)) == 2)
        undated, dated = orders(at)
        assert (undated.id, undated.at_ms, dated.id) == (model["version"], 0, model["version"])
        assert dated.at_ms % DAY_MS == 0

        fill(here, h, early=False)
        found = eventually(
            "it is promoted",
            lambda: {d.kind: d for d in decisions(at)} if "promote" in str(decisions(at)) else None,
        )
        name = f"logistic~{model['trained_until']:%Y-%m-%d}"
        assert (found["enter"].at_ms, found["enter"].detail["other"]) == (dated.at_ms, name)
        assert (found["promote"].by, found["promote"].detail["champion"]) == ("evidence", name)
        eventually(
            "all is learned", lambda: len(ledger.days()) > 140 and ledger.days()[-1] * DAY_MS > h.times[-1]
        )
        eventually("it serves", lambda: name in serving(place))
    version = candidates(registry_address(settings), registry_key_of(settings).encode()).load(
        model["version"]
    )
    assert predicted(ledger, name, dated.at_ms, scorer_of(version).score) > 500
