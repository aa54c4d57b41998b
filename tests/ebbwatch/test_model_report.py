"""What is said of models, and what of it travels through Kafka."""

from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from rich.console import Console

from control.decisions import Decided
from control.orders import answers
from ebbwatch.commands.model_tables import comparison, headline, serving_table
from online_model.quality.published import Published, PublishedError, concise, decode, encode
from online_model.quality.quality import Quality, QualityReport
from online_model.quality.scored import Scored
from online_model.quality.slices import ALL
from online_model.risk import BASELINE, Risk
from online_model.saving import SavingCounts
from online_model.thresholds import Contact
from online_model.tiers import Thresholds
from online_model.tournament.decision import Command
from profiles.model_report import compared, parts_of, progress_in_words, serving_rows, shown
from profiles.serving import Serving

NAMES = ("champion", "logistic", "own_rhythm", "recursive")
N = 2000


def quality(names: tuple[str, ...] = NAMES, months: int = 3) -> Quality:
    """In which each contestant knows less than the one before."""
    rng = np.random.default_rng(1)
    lost = rng.random(N) < 0.3
    known = {name: np.clip(0.3 + 0.3 * (lost - 0.3) + rng.normal(0, 0.1 + 0.05 * i, N), 0.01, 0.99)
             for i, name in enumerate(names)}  # fmt: skip
    found = Quality()
    found.add(
        Scored(
            due_day=np.arange(N) // 50,
            lost=lost,
            weights=np.ones(N),
            chosen=lost,
            predictions=known,
            silence_days=rng.exponential(5, N),
            tenure_days=rng.exponential(100, N),
            plan=rng.integers(0, 9, N),
            month=2024 * 12 + np.arange(N) * months // N,
            treated=np.zeros(N, np.bool_),
            holdout=np.zeros(N, np.bool_),
        )
    )
    return found


@cache
def judgement() -> QualityReport:
    return quality().summary()


def published(**other: Any) -> Published:
    found = Published(
        lineage="a",
        at_ms=1_700_000_000_000,
        champion="own_rhythm",
        predecessor=None,
        pinned=True,
        vetoed=("recursive",),
        thresholds=Thresholds(),
        contact=Contact(),
        saving=SavingCounts().saving(),
        learned=dict.fromkeys(NAMES[1:], 1500),
        report=concise(judgement()),
    )
    return msgspec.structs.replace(found, **other)


def untrained(found: Published | None) -> Serving:
    return Serving(Risk(), None, (), found, None)


def test_when_contacting_pays_is_said() -> None:
    answer = shown(untrained(published()), [])
    assert answer.contact == Contact()
    assert any(
        "contacting pays from a risk of 71%" in line and "a guess" in line for line in headline(answer)
    )


def test_a_judgement_survives_its_way() -> None:
    assert decode(encode(published())) == published()


@pytest.mark.parametrize("value", [None, b"", b"junk", b"{}", b'{"format":2}', b'{"format":1,"lineage":"a"}'])
def test_what_is_no_judgement_is_refused(value: bytes | None) -> None:
    with pytest.raises(PublishedError):
        decode(value)


def test_a_judgement_of_many_contestants_fits_into_a_record() -> None:
    many = quality(tuple(f"contestant-{number}@2024-01-01" for number in range(15)), months=40).summary()
    assert len(msgspec.json.encode(many)) > 1_000_000
    assert len(encode(published(report=concise(many)))) < 900_000


def test_what_is_cut_is_not_what_is_compared() -> None:
    whole, cut = judgement(), concise(judgement())
    for name, left in cut.contestants.items():
        assert left.parts[ALL] == whole.contestants[name].parts[ALL]
        assert left.fading == {ALL: whole.contestants[name].fading[ALL]}
        assert left.parts.keys() == whole.contestants[name].parts.keys()


def test_contestants_stand_in_the_order_of_their_loss_with_their_roles() -> None:
    rows = compared(published())
    assert [(row.contestant, row.role) for row in rows] == [
        ("logistic", ""),
        ("own_rhythm", "champion"),
        ("recursive", "vetoed"),
    ]
    losses = [row.rolling.log_loss for row in rows if row.rolling is not None]
    assert len(losses) == 3
    assert losses == sorted(losses, key=lambda loss: loss or 0.0)
    assert all(row.fading is None for row in compared(published(), "silence:1-7d"))
    assert {"all", "silence:1-7d", "plan:3", "month:2024-02"} <= set(parts_of(published()))
    late = compared(published(learned={"logistic": 1500, "logistic@2024-05-01": 0}))[-1]
    assert (late.contestant, late.rolling) == ("logistic@2024-05-01", None)


def test_the_baseline_serves_until_something_is_announced_and_says_so() -> None:
    (row,) = serving_rows(untrained(published()))
    assert (row.version, row.share, row.examples) == (BASELINE, 1.0, None)
    assert row.roc_auc == published().report.contestants["own_rhythm"].parts[ALL].roc_auc
    assert "nothing is learned yet: the baseline serves" in progress_in_words(untrained(None))
    leads = progress_in_words(untrained(published()))
    assert leads.startswith("2,000 outcomes settled; the baseline leads")
    assert "best: logistic 0." in leads
    assert "cannot be used" in progress_in_words(untrained(None)._replace(fault="damaged"))


def test_people_read_the_same_figures() -> None:
    answer = shown(untrained(published()), [])
    console = Console(width=120)
    with console.capture() as seen:
        console.print(serving_table(answer.serves), *headline(answer))
        console.print(comparison(compared(published()), published(), ALL))
    text = seen.get()
    auc = published().report.contestants["champion"].parts[ALL].roc_auc
    assert f"what was served, 2,000 outcomes: ROC AUC {auc:.3f}" in text
    assert "pinned; vetoed: recursive" in text
    assert "own_rhythm (champion)" in text
    assert "the last 2,000 of 2,000 settled outcomes" in text


def decision(kind: str, by: str = "operator", **detail: Any) -> Decided:
    return Decided(number=1, at_ms=0, kind=kind, by=by, text="", detail=detail)


def test_an_order_is_answered_by_its_own_decision_alone() -> None:
    promote = Command(kind="promote", name="logistic")
    assert answers(decision("promote", champion="logistic"), promote)
    assert answers(decision("roll_out", champion="logistic"), promote)
    assert not answers(decision("promote", by="evidence", champion="logistic"), promote)
    assert not answers(decision("promote", champion="recursive"), promote)
    assert not answers(decision("veto", champion="own_rhythm", other="logistic"), promote)
    assert answers(decision("veto", champion="a", other="logistic"), Command(kind="veto", name="logistic"))
    assert answers(decision("roll_back", champion="own_rhythm"), Command(kind="roll_back"))
    assert not answers(decision("pin", champion="own_rhythm"), Command(kind="roll_back"))
