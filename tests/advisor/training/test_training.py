"""The figures are those of `ebbwatch evaluate`; the customers are what a loop over the events says of them."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from advisor.exports.lists import predictions, targets
from advisor.insights.campaigns import Offer
from advisor.insights.segmentation import segmentation
from advisor.training import customers as of_customers
from advisor.training.customers import GONE, customers, features_at_the_end
from advisor.training.errors import NothingLearnedError, TooShortError
from advisor.training.figures import contestants
from advisor.training.names import AT_RISK
from advisor.training.replayed import Replayed, replayed
from advisor.training.training import Asked, Summary, train
from advisor.training.words import words
from domain.actions import DEFAULT
from domain.calendar import DAY_MS
from domain.settings import FactSettings
from ebbwatch.main import app
from ebbwatch.settings import Settings
from online_model.learners.learner import Matrix, NotAdditiveError, Scorer, Vector
from online_model.thresholds import Contact
from online_model.tiers import Thresholds, tier_of
from tests.advisor.training.files import prepared, shop

HORIZON, INACTIVITY = 20, 40
NAMES = ("logistic", "agile")
FACTS = Settings().model_copy(update={"horizon_days": HORIZON, "inactivity_days": INACTIVITY}).facts()
ASKED = Asked(facts=FACTS, contestants=NAMES, seed=3, offer=Offer(contact=2.0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("training"), shop(1))


@pytest.fixture(scope="module")
def past(folder: Path) -> Replayed:
    return replayed(folder / "events.parquet", FACTS, NAMES, 3)


@pytest.fixture(scope="module")
def trained(folder: Path) -> tuple[Summary, pa.Table]:
    told: list[tuple[str, float]] = []
    found = train(folder / "events.parquet", folder, ASKED, lambda what, share: told.append((what, share)))
    assert [share for what, share in told if what == "predicting, then learning"][-1] == 1
    assert told[-1] == ("done", 1.0)
    return found


def kinds(past: Replayed) -> dict[str, str]:
    return dict.fromkeys(past.watched.offline.users, "Casual")


def called(*words: object) -> Any:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_figures_are_those_of_evaluate(folder: Path, trained: tuple[Summary, pa.Table]) -> None:
    evaluated = called(
        "evaluate", folder / "shop.csv", "--user", "customer", "--time", "date", "--amount", "total",
        "--channel", "channel", "--default-type", "purchase", "--horizon-days", HORIZON,
        "--inactivity-days", INACTIVITY, "--contestants", ",".join(NAMES), "--seed", 3,
        "--reject-file", folder / "rejects.jsonl", "--json",
    )  # fmt: skip
    summary, _ = trained
    assert summary.snapshots == evaluated["snapshots"] > 200
    assert {c.name for c in summary.contestants} == set(evaluated) - {"snapshots", "about"}
    for found in summary.contestants:
        mine = json.loads(msgspec.json.encode(found.metrics))
        theirs = evaluated[found.name]["all"]
        for name in ("base_rate", "roc_auc", "log_loss", "brier", "ece", "slope", "curve", "pr_auc"):
            assert mine[name] == theirs[name], (found.name, name)


def test_every_customer_as_a_loop_says(folder: Path, trained: tuple[Summary, pa.Table]) -> None:
    events = pq.read_table(folder / "events.parquet").to_pylist()
    end = max(event["time_ms"] for event in events)
    summary, table = trained
    rows = {row["user"]: row for row in table.to_pylist()}
    assert rows.keys() == {event["user"] for event in events}
    for user, row in rows.items():
        own = [event for event in events if event["user"] == user]
        last = max(event["time_ms"] for event in own)
        assert row["last_purchase_ms"] == last
        assert row["silence_days"] == pytest.approx((end - last) / DAY_MS)
        assert row["orders"] == len(own)
        assert row["revenue"] == pytest.approx(sum(event["amount"] for event in own))
        assert (row["tier"] == GONE) == (end - last >= INACTIVITY * DAY_MS) == (row["probability"] is None)
        if row["probability"] is not None:
            assert row["tier"] == tier_of(row["probability"], Thresholds())
            assert row["value_at_risk"] == pytest.approx(row["probability"] * row["value"])
            assert [abs(d["weight"]) for d in row["drivers"]] == sorted(
                (abs(d["weight"]) for d in row["drivers"]), reverse=True
            )
    sizes = {kind.segment: kind.customers for kind in summary.segmentation.segments}
    assert Counter(row["segment"] for row in rows.values()) == sizes
    assert summary.gone == sum(row["tier"] == GONE for row in rows.values()) > 0
    money = [row["value_at_risk"] for row in rows.values() if row["tier"] != GONE]
    assert money == sorted(money, reverse=True)


def test_scores_are_those_of_the_model_now_and_a_week_ago(past: Replayed) -> None:
    scorer = past.watched.trainer.training.lineup.scorer("logistic")
    assert scorer is not None
    table = customers(past, scorer, Thresholds(), 3, {}, kinds(past))
    users, x = features_at_the_end(past)
    said = dict(zip(users, scorer.score(x).tolist(), strict=True))
    then = {
        user: row
        for block in past.watched.latest
        for user, time, row in zip(block.users, block.times.tolist(), block.features, strict=True)
        if past.last_ms - 14 * DAY_MS < time <= past.last_ms - 7 * DAY_MS
    }
    known = 0
    for row in table.to_pylist():
        if row["tier"] != GONE:
            assert row["probability"] == said[row["user"]]
        before = then.get(row["user"])
        expected = None if before is None else float(scorer.score(before[None, :])[0])
        assert row["probability_week_ago"] == expected
        known += before is not None
    assert known > 30


class Opaque:
    """A scorer whose log-odds are no sum."""

    kind: ClassVar[str] = "opaque"

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        return dict(self._scorer.to_arrays())

    def score(self, x: Matrix) -> Vector:
        return self._scorer.score(x)

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:
        raise NotAdditiveError


def test_where_reasons_are_sampled_the_first_have_them(
    past: Replayed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_customers, "EXPLAINED", 3)
    scorer = past.watched.trainer.training.lineup.scorer("logistic")
    assert scorer is not None
    table = customers(past, Opaque(scorer), Thresholds(), 3, {}, kinds(past))
    assert [row["drivers"] is not None for row in table.to_pylist()[:5]] == [True, True, True, False, False]


def test_the_summary_adds_up(folder: Path, trained: tuple[Summary, pa.Table]) -> None:
    summary, table = trained
    assert msgspec.json.decode((folder / "summary.json").read_bytes(), type=Summary) == summary
    assert pq.read_table(folder / "customers.parquet") == table
    everybody, *tiers = summary.at_risk
    assert everybody.customers == sum(tier.customers for tier in tiers) == summary.customers - summary.gone
    assert everybody.at_risk == pytest.approx(sum(tier.at_risk for tier in tiers))
    contacted = sum(tier.customers for tier in tiers if tier.tier in AT_RISK)
    assert summary.scenarios["all_at_risk"].contacted == contacted
    assert sum(rule.snapshots for rule in summary.rules) == summary.snapshots
    champion = summary.contestants[0]
    assert champion.name == "champion"
    at = champion.metrics.decided
    assert at is not None
    assert at.f1 is not None
    assert at.recall is not None
    assert champion.roi is not None
    assert champion.stability is not None
    assert champion.score == pytest.approx(
        0.4 * at.f1 + 0.3 * at.recall + 0.2 * champion.roi + 0.1 * champion.stability
    )
    assert champion.f1_of_all == at.f1_of_all
    assert summary.importance
    assert set(summary.dependence) <= {one.name for one in summary.importance}


def test_it_is_the_same_each_time(folder: Path, past: Replayed, trained: tuple[Summary, pa.Table]) -> None:
    summary, table = trained
    scorer = past.watched.trainer.training.lineup.scorer(summary.served)
    assert scorer is not None
    said = words(folder / "events.parquet")
    _, of = segmentation(folder / "events.parquet", FACTS, past.last_ms, 3)
    assert customers(past, scorer, Thresholds(), 3, said, of) == table
    assert tuple(contestants(past, Contact(cost=2.0))) == summary.contestants


def test_what_is_too_short_is_said(folder: Path, past: Replayed, tmp_path: Path) -> None:
    far = FactSettings(
        horizon_ms=170 * DAY_MS,
        inactivity_ms=INACTIVITY * DAY_MS,
        allowed_lateness_ms=FACTS.allowed_lateness_ms,
    )
    with pytest.raises(TooShortError, match="horizon of 170 days"):
        replayed(folder / "events.parquet", far, NAMES, 3)
    late = Replayed(facts=FACTS, first_ms=past.last_ms, last_ms=past.last_ms, watched=past.watched)
    with pytest.raises(NothingLearnedError, match="shorter horizon"):
        contestants(late, Contact())


def test_whoever_cancels_ends_it(folder: Path, tmp_path: Path) -> None:
    class CancelledError(Exception):
        pass

    def cancel(_what: str, _share: float) -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        train(folder / "events.parquet", tmp_path, ASKED, cancel)
    assert list(tmp_path.iterdir()) == []


def test_lists(folder: Path, trained: tuple[Summary, pa.Table]) -> None:
    _, table = trained
    contacts = pq.read_table(folder / "contacts.parquet")
    every = list(csv.DictReader(predictions(table, contacts).decode().splitlines()))
    assert [row["user"] for row in every] == table["user"].to_pylist()
    assert every[0]["email"] == f"{every[0]['user']}@example.org"
    offer = Offer(contact=15.0)
    chosen = list(csv.DictReader(targets(table, contacts, offer, DEFAULT).decode().splitlines()))
    rows = {row["user"]: row for row in table.to_pylist()}
    expected = {
        user: 0.35 * row["probability"] * row["value"] - 15
        for user, row in rows.items()
        if row["tier"] in AT_RISK and 0.35 * row["probability"] * row["value"] > 15
    }
    assert {row["user"]: float(row["gain"]) for row in chosen} == pytest.approx(expected)
    gains = [float(row["gain"]) for row in chosen]
    assert gains == sorted(gains, reverse=True)
    assert len(gains) > 3
    assert all(row["action"] and row["email"] for row in chosen)
    assert "email" not in predictions(table, None).decode()
