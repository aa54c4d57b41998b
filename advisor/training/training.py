"""From the events of a file to what its owner asks for: who leaves, why, what it costs, how sure that is."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from advisor.insights.campaigns import SCENARIOS, Campaign, Choice, Offer, scenario
from advisor.insights.months import Months, months
from advisor.insights.outlook import AtRisk, Warned, at_risk, warnings
from advisor.insights.rules import Rule, rules
from advisor.insights.segmentation import Segmentation, segmentation
from advisor.insights.staying import Staying, staying
from advisor.training.customers import GONE, customers
from advisor.training.errors import NothingLearnedError
from advisor.training.figures import Contestant, contestants
from advisor.training.kept import keep, keep_people
from advisor.training.names import AT_RISK, CUSTOMERS, SUMMARY
from advisor.training.replayed import LEARNING, Replayed, replayed
from advisor.training.segments import SegmentError, segments
from advisor.training.words import words
from domain.calendar import DAY_MS
from domain.settings import FactSettings
from online_model.explain.explain import explain
from online_model.explain.importance import Dependence, Importance, importance, partial_dependence
from online_model.learners.learner import Scorer
from online_model.thresholds import Contact
from online_model.tiers import Thresholds
from online_model.training.settle import CHAMPION

_EXPLAINED: Final = 60
"""Customers whose scores are taken apart for the importance."""
_DRAWN: Final = 6
"""Features whose partial dependence is told."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be found out, and how."""

    facts: FactSettings
    contestants: tuple[str, ...]
    learners: tuple[str, ...] = ()
    """Kinds of batch learners that take part."""
    seed: int
    offer: Offer


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """Of a partial dependence."""

    value: float | None
    """Of the feature; None is unknown."""
    risk: float
    """Mean probability if everybody had it."""
    share: float
    """Of the customers that this point stands for."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """All but the customers."""

    served: str
    """The contestant whose scores the customers have: the tournament's champion, or, where that has nothing learned
    to score by, the best one by log loss."""
    promoted: bool
    """Whether it is the champion."""
    version: str
    """Of its model."""
    first_ms: int
    middle_ms: int
    last_ms: int
    snapshots: int
    """Of the second half of the time span, with an outcome."""
    contestants: tuple[Contestant, ...]
    customers: int
    gone: int
    """Silent for the threshold or longer at the end of the file."""
    at_risk: tuple[AtRisk, ...]
    scenarios: dict[str, Campaign]
    """Of the customers in the tiers of `AT_RISK`."""
    warnings: tuple[Warned, ...]
    rules: tuple[Rule, ...]
    importance: tuple[Importance, ...]
    dependence: dict[str, list[Point]]
    months: Months
    """Revenue and customers so far, and the next three and six months."""
    staying: Staying
    """Cohorts and the curve of who stays; lost is who is silent for as long as makes a customer gone."""
    segments: tuple[SegmentError, ...]
    """Of who scores, by channel, plan, platform and geography."""
    segmentation: Segmentation
    """Kinds of customers by how they behave."""


def train(
    events: Path,
    folder: Path,
    asked: Asked,
    progress: Callable[[str, float], None] = lambda _what, _share: None,
    paused: Path | None = None,
) -> tuple[Summary, pa.Table]:
    """Write all of `advisor.training.names` but what is for people into a folder.

    Args:
        events: `events.parquet` of `advisor.intake.events.canonical`.
        progress: told the stage and how much of it is done, 0 to 1; what it raises ends the work.
        paused: see `advisor.training.replayed.replayed`.

    Returns:
        The summary, and the rows of `advisor.training.customers.SCHEMA`.

    Raises:
        TooShortError: the file spans too little time.
        NothingLearnedError: there is no outcome to learn from.
    """
    progress(LEARNING, 0.0)
    past = replayed(events, asked.facts, asked.contestants, asked.seed, asked.learners, progress, paused)
    progress("judging the contestants", 0.0)
    judged = contestants(past, _contact(asked))
    name, scorer, promoted = _serving(past, judged)
    progress("scoring the customers", 0.0)
    said = words(events)
    kinds, kind_of = segmentation(events, asked.facts, past.last_ms, asked.seed)
    table = customers(past, scorer, Thresholds(), asked.seed, said, kind_of)
    progress("looking for reasons", 0.0)
    version = keep(folder, past, name, scorer, judged, asked.seed)
    keep_people(folder, past, table["user"].to_pylist(), said)
    stay = staying(events, asked.facts.inactivity_ms // DAY_MS)
    summary = _summary(
        past, asked, judged, (name, scorer, promoted), table, months(events), stay, version, said, kinds
    )
    pq.write_table(table, folder / CUSTOMERS, compression="zstd")
    (folder / SUMMARY).write_bytes(msgspec.json.encode(summary))
    progress("done", 1.0)
    return summary, table


def _contact(asked: Asked) -> Contact:
    """As the platform's rule has it, with the offer's cost and chance; the value of a customer is the rule's own."""
    return Contact(cost=max(asked.offer.contact, 0.01), chance_of_saving=asked.offer.save_rate)


def _serving(past: Replayed, judged: list[Contestant]) -> tuple[str, Scorer, bool]:
    lineup = past.watched.trainer.training.lineup
    champion = past.watched.trainer.training.court.tournament.champion
    names = [champion, *(c.name for c in judged if c.name not in (CHAMPION, champion))]
    for name in names:
        scorer = lineup.scorer(name) if name in lineup.names else None
        if scorer is not None:
            return name, scorer, name == champion
    raise NothingLearnedError(
        "No contestant has learned enough to score anybody: send a longer time, or more customers."
    )


def _summary(
    past: Replayed,
    asked: Asked,
    judged: list[Contestant],
    serving: tuple[str, Scorer, bool],
    table: pa.Table,
    by_month: Months,
    stay: Staying,
    version: str,
    said: dict[int, str],
    kinds: Segmentation,
) -> Summary:
    name, scorer, promoted = serving
    there = table.filter(pa.compute.not_equal(table["tier"], GONE))
    probability, value = (there[column].to_numpy() for column in ("probability", "value"))
    examples = past.watched.examples
    sampled = examples.sampled
    contacted = np.isin(np.asarray(there["tier"].to_pylist(), object), AT_RISK)
    chosen = Choice(probability[contacted], value[contacted])
    weighed, dependence = _reasons(scorer, past, asked.seed)
    return Summary(
        served=name,
        promoted=promoted,
        version=version,
        first_ms=past.first_ms,
        middle_ms=past.middle_ms,
        last_ms=past.last_ms,
        snapshots=int((examples.times >= past.middle_ms).sum()),
        contestants=tuple(judged),
        customers=table.num_rows,
        gone=table.num_rows - there.num_rows,
        at_risk=tuple(at_risk(there["tier"].to_pylist(), probability, value, asked.offer.save_rate)),
        scenarios={kind: scenario(kind, chosen, asked.offer) for kind in SCENARIOS},
        warnings=tuple(warnings(there)),
        rules=tuple(
            rules(
                examples.features,
                examples.scored.lost[sampled],
                examples.times[sampled] >= past.middle_ms,
                asked.seed,
            )
        ),
        importance=tuple(weighed),
        dependence=dependence,
        months=by_month,
        staying=stay,
        segments=tuple(segments(past, name, said)),
        segmentation=kinds,
    )


def _reasons(scorer: Scorer, past: Replayed, seed: int) -> tuple[list[Importance], dict[str, list[Point]]]:
    population = past.watched.population
    if len(population) < 2:
        return [], {}
    found = importance(explain(scorer, population[:_EXPLAINED], population, np.random.default_rng(seed)))
    names = [one.name for one in found if one.weight > 0][:_DRAWN]
    return found, {name: _points(partial_dependence(scorer, name, population)) for name in names}


def _points(found: list[Dependence]) -> list[Point]:
    return [
        Point(value=None if math.isnan(one.value) else one.value, risk=one.risk, share=one.share)
        for one in found
    ]
