"""The job from a ledger on disk to its tables, and when it trains anew."""

from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from batch_jobs.job import JobError, Tables
from batch_jobs.learners.examples import Examples, newest, outline, read
from batch_jobs.learners.fitted import Fitted, fitted
from batch_jobs.learners.job import Learners
from batch_jobs.learners.kinds import usual
from batch_jobs.learners.retraining import Former, degraded, drifted, reason_to_train
from batch_jobs.learners.schema import TABLES
from batch_jobs.learners.settings import LearnerSettings
from batch_jobs.learners.splits import parts
from batch_jobs.learners.training import SERVED
from domain.calendar import DAY_MS
from domain.settings import FactSettings
from online_model.ledger.ledger import Ledger
from online_model.ledger.schema import Settled, to_table
from online_model.quality.metrics import metrics
from online_model.refitted.candidates import candidates, contestant, scorer_of
from online_model.registry.errors import MismatchError, WrongKeyError
from online_model.registry.manifest import Training
from online_model.registry.registry import Registry
from tests.batch_jobs.learners.crowd import BEGIN, DELAY, crowd
from tests.batch_jobs.learners.stars import star_at

LINEAGE = "0123456789abcdef"
KEY = b"a key of the tests"
SETTINGS = LearnerSettings(
    kinds=("logistic", "lightgbm"), trials=1, folds=2, least=5, explained=30, features=2, budget_s=0
)
USERS = 300


def written(folder: Path, examples: Examples) -> Ledger:
    """Every fourteenth example is of a treated user: weight 0."""
    ledger = Ledger(folder, LINEAGE)
    days = examples.dues // DAY_MS
    users = np.array([f"u{n % USERS:03d}" for n in range(examples.size)])
    for day in np.unique(days).tolist():
        rows = np.flatnonzero(days == day)
        some = examples.take(rows)
        zeros = np.zeros(len(rows), np.int64)
        settled = Settled(
            users=users[rows].tolist(), times=some.times, dues=some.dues, features=some.features, lost=some.lost,
            causes=some.lost.astype(np.uint8), returned=zeros, cancelled=zeros, treated=zeros, treated_before=zeros,
            holdout=zeros.astype(np.bool_), weights=np.where(rows % 14 == 0, 0.0, 1.0),
            champions=["own_rhythm"] * len(rows), versions=[None] * len(rows), served=some.served,
            tiers=zeros.astype(np.int8), reasons=[[] for _ in rows], predictions={},
        )  # fmt: skip
        ledger.write_day(day, to_table(settled))
    return ledger


def run(ledger: Ledger | None, registry: Registry, last: Tables | None = None, at: int = 400) -> Tables:
    job = Learners(lambda: ledger, lambda: registry, lambda: 0.0, SETTINGS)
    star = star_at(BEGIN + at * DAY_MS)
    if last is None:
        found = job(star, lambda _what, _share: None)
    else:
        found = job.refresh(star, last, star.as_of.date(), lambda _what, _share: None)
    assert {name: table.schema for name, table in found.items()} == TABLES
    return found


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return written(tmp_path_factory.mktemp("archive"), crowd(2_000))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return candidates(str(tmp_path_factory.mktemp("registry")), KEY)


@pytest.fixture(scope="module")
def trained(ledger: Ledger, registry: Registry) -> Tables:
    return run(ledger, registry)


def test_examples_are_those_of_the_untreated_in_the_order_of_time(ledger: Ledger) -> None:
    examples, all_of_them = read(ledger, 10**9), crowd(2_000)
    kept = all_of_them.take(np.flatnonzero(np.arange(2_000) % 14 != 0))
    for found, expected in zip(examples, kept, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_too_many_examples_are_thinned_out_by_user(ledger: Ledger) -> None:
    some = read(ledger, 500)
    assert 300 < some.size < 700
    order = {time: number for number, time in enumerate(crowd(2_000).times.tolist())}
    users = {order[time] % USERS for time in some.times.tolist()}
    everything = [n for n in range(2_000) if n % USERS in users and n % 14]
    assert some.size == len(everything)


def test_tables_say_how_good_each_is_on_the_same_snapshots(trained: Tables, ledger: Ledger) -> None:
    scores = {row["model"]: row for row in trained["learner_scores"].to_pylist()}
    assert list(scores) == ["logistic", "lightgbm", SERVED]
    examples = read(ledger, 10**9)
    test = parts(examples, SETTINGS.calibrate, SETTINGS.test).test
    assert {row["examples"] for row in scores.values()} == {len(test)}
    said = metrics(examples.lost[test], examples.served[test])
    assert scores[SERVED]["log_loss"] == said.log_loss
    assert scores["logistic"]["log_loss"] < scores[SERVED]["log_loss"]
    assert scores["logistic"]["f1_of_all"] == scores["lightgbm"]["f1_of_all"]
    assert scores["logistic"]["trained_until"] <= scores["logistic"]["tested_from"]
    for row in (scores["logistic"], scores["lightgbm"]):
        parts_of_it = 0.4 * row["f1"] + 0.3 * row["recall"] + 0.2 * row["roi"] + 0.1 * row["stability"]
        assert row["score"] == pytest.approx(parts_of_it)
        assert row["reason"] == "first"


def test_tables_say_what_each_goes_by(trained: Tables) -> None:
    first = [row for row in trained["learner_importance"].to_pylist() if row["rank"] == 1]
    assert {row["feature"] for row in first} == {"days_since_last_session"}
    points = [
        row
        for row in trained["learner_dependence"].to_pylist()
        if (row["model"], row["feature"]) == ("logistic", "days_since_last_session")
        and row["value"] is not None
    ]
    risks = [row["risk"] for row in points]
    assert risks == sorted(risks)
    assert risks[-1] > risks[0] + 0.1
    assert {row["fold"] for row in trained["learner_folds"].to_pylist()} <= {1, 2}


def test_models_are_signed_and_the_same_examples_give_the_same(
    trained: Tables, ledger: Ledger, registry: Registry
) -> None:
    losses = {row["model"]: row["log_loss"] for row in trained["learner_scores"].to_pylist()}
    (row,) = trained["learner_models"].to_pylist()
    best = min(("logistic", "lightgbm"), key=losses.__getitem__)
    assert (row["model"], row["enters"], row["test_log_loss"]) == (best, True, losses[best])
    version = registry.load(row["version"], LINEAGE)
    assert list(version.payloads) == ["scorer.npz"]  # arrays, and nothing that could run
    examples, training = read(ledger, 10**9), version.manifest.training
    said = scorer_of(version).score(examples.features)
    loss = metrics(examples.lost, said).log_loss
    assert loss is not None
    assert loss < losses[best]
    assert training.last_due_ms == examples.dues.max()
    assert training.last_snapshot_ms == examples.times.max()
    entered = contestant(version, training.last_due_ms + 1)
    assert (entered.predict_many(examples.features) == said).all()
    assert entered.learned == row["examples"]
    with pytest.raises(MismatchError, match="after the time of its entry"):
        contestant(version, training.last_due_ms)
    with pytest.raises(WrongKeyError):
        Registry(registry.storage.address, b"quite another key").load(row["version"])
    again = run(ledger, registry)
    for name in TABLES:
        assert again[name].equals(trained[name]), name


def test_without_a_reason_the_former_tables_stay(trained: Tables, ledger: Ledger, registry: Registry) -> None:
    days = (trained["learner_models"]["trained_until"][0].value - BEGIN) // DAY_MS
    assert run(ledger, registry, trained, days + SETTINGS.every_days - 1) is trained
    anew = run(ledger, registry, trained, days + SETTINGS.every_days + 1)
    assert anew["learner_scores"]["reason"][0].as_py() == "schedule"


def test_a_former_model_that_is_gone_or_of_another_lineage_is_none(
    trained: Tables, ledger: Ledger, registry: Registry, tmp_path: Path
) -> None:
    empty = candidates(str(tmp_path), KEY)
    assert run(ledger, empty, trained)["learner_scores"]["reason"][0].as_py() == "first"
    other = tmp_path / "ledger" / "lineage=ffffffffffffffff"
    copytree(ledger.folder, other)
    moved = run(newest(tmp_path), registry, trained)
    assert moved["learner_scores"]["reason"][0].as_py() == "first"


def test_an_outline_is_the_examples_without_their_features(ledger: Ledger) -> None:
    found, whole = outline(ledger), read(ledger, 10**9)
    assert (found.times == whole.times).all()
    assert sorted(zip(found.times, found.dues, found.lost, strict=True)) == (
        sorted(zip(whole.times, whole.dues, whole.lost, strict=True))
    )
    assert found.until(BEGIN + 150 * DAY_MS).size == (whole.dues < BEGIN + 150 * DAY_MS).sum()


def test_outcomes_from_the_as_of_on_are_not_known(ledger: Ledger, registry: Registry) -> None:
    found = run(ledger, registry, at=250)
    latest = max(row["trained_until"] for row in found["learner_models"].to_pylist())
    assert latest < datetime.fromtimestamp((BEGIN + 250 * DAY_MS) / 1000, UTC)


def test_too_few_examples_and_no_ledger_give_empty_tables(tmp_path: Path, registry: Registry) -> None:
    few = written(tmp_path, crowd(60))
    assert newest(tmp_path / "nowhere") is None
    for source in (few, Ledger(tmp_path, "f" * 16), None):
        assert all(table.num_rows == 0 for table in run(source, registry).values())


def test_a_damaged_ledger_is_an_error_of_the_job(tmp_path: Path, registry: Registry) -> None:
    damaged = written(tmp_path, crowd(60))
    damaged.path(damaged.days()[0]).write_bytes(b"PAR1")
    with pytest.raises(JobError, match="no models: cannot read"):
        run(damaged, registry)


def test_a_registry_that_cannot_be_written_is_an_error_of_the_job(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "candidates").write_text("a file where a folder should be")
    with pytest.raises(JobError, match="no models: registry"):
        run(ledger, candidates(str(tmp_path), KEY))


def former_of(model: Fitted, log_loss: float, last_snapshot_ms: int = 0, last_due_ms: int = 0) -> Former:
    training = Training(
        name="any", kind=model.kind, lineage=LINEAGE, facts=FactSettings(), seed=1, first_snapshot_ms=0,
        last_snapshot_ms=last_snapshot_ms or model.last_snapshot, last_due_ms=last_due_ms or model.trained_until,
        examples=model.examples,
    )  # fmt: skip
    return Former(model.scorer, training, log_loss)


def test_drift_and_degradation_are_reasons() -> None:
    same, other = crowd(6_000), crowd(6_000, shift=3.0)
    half = np.flatnonzero(same.dues < BEGIN + 150 * DAY_MS)
    model = fitted("logistic", usual("logistic"), same, half[: len(half) // 2], half[len(half) // 2 :], 1)
    fresh = np.flatnonzero(same.dues > model.trained_until)
    loss = metrics(same.lost[fresh], model.score(same.features[fresh])).log_loss
    assert loss is not None
    former = former_of(model, loss)
    assert not degraded(former, same, 0.05)
    assert degraded(former, other, 0.05)
    at = model.trained_until + DAY_MS
    assert reason_to_train(former, same, at, SETTINGS) is None
    assert reason_to_train(former, other, at, SETTINGS) == "degradation"
    assert reason_to_train(None, same, at, SETTINGS) == "first"


def test_drift_is_a_feature_of_a_window_that_has_moved() -> None:
    same = crowd(13_000)
    since = BEGIN + 150 * DAY_MS
    late = (same.times > BEGIN + 200 * DAY_MS)[:, None]
    moved = same._replace(features=np.where(late, same.features * 4, same.features))
    assert drifted(moved, since)
    assert not drifted(moved, BEGIN + 299 * DAY_MS)
    assert not drifted(same, since)
    some = fitted("logistic", usual("logistic"), same, np.arange(600), np.arange(600, 900), 1)
    # drift shows in snapshots, long before the outcomes of that time are due
    former = former_of(some, 1e9, last_snapshot_ms=since, last_due_ms=since + DELAY)
    assert reason_to_train(former, moved, since + DELAY + DAY_MS, SETTINGS) == "drift"
