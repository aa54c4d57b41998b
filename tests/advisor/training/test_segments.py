"""Figures of a segment are those of scikit-learn over its snapshots."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from advisor.training.segments import LEAST, MOST, OTHER, segments
from domain.catalogue import INDEX
from domain.columns import code_of
from domain.labels import FEATURES

CHANNELS = [f"channel {n}" for n in range(MOST + 2)]
WORDS = {code_of(word): word for word in [*CHANNELS, "pro", "basic"]}


def watched(channels: Sequence[str | None], plans: Sequence[str | None], seed: int = 1) -> Any:
    """Snapshots by chance; the first fifth lies before the middle, the next is not predicted."""
    chance, n = np.random.default_rng(seed), len(channels)
    x = np.full((n, FEATURES), np.nan)
    for label, words in (("channel", channels), ("plan", plans)):
        x[:, INDEX[label]] = [np.nan if word is None else code_of(word) for word in words]
    said = chance.uniform(0.05, 0.95, n)
    lost = chance.random(n) < said
    said[n // 5 : 2 * n // 5] = np.nan
    scored = SimpleNamespace(lost=lost, predictions={"forest": said})
    places = np.arange(n)
    examples = SimpleNamespace(times=places, sampled=places, features=x, scored=scored, weights=np.ones(n))
    return SimpleNamespace(watched=SimpleNamespace(examples=examples), middle_ms=n // 5)


def test_they_are_what_another_library_says() -> None:
    chance = np.random.default_rng(2)
    n = 3000
    channels: list[str | None] = chance.choice(CHANNELS, n, p=np.arange(1, 11) / 55).tolist()
    for row in range(0, n, 10):
        channels[row] = None
    past = watched(channels, ["pro"] * n)
    found = segments(past, "forest", WORDS)
    assert {one.label for one in found} == {"channel"}, "one plan alone is no segment"
    examples = past.watched.examples
    said = examples.scored.predictions["forest"]
    judged = [row for row in range(n) if row >= n // 5 and not np.isnan(said[row])]
    counts = {word: sum(channels[row] == word for row in judged) for word in CHANNELS}
    most = sorted(CHANNELS, key=lambda word: -counts[word])[:MOST]
    assert [one.value for one in found] == [*most, OTHER]
    for one in found:
        rows = [r for r in judged if (channels[r] if channels[r] in most else OTHER) == one.value]
        lost, predicted = examples.scored.lost[rows], said[rows]
        assert one.snapshots == len(rows)
        assert one.lost == pytest.approx(lost.mean())
        assert one.predicted == pytest.approx(predicted.mean())
        assert one.roc_auc == pytest.approx(roc_auc_score(lost, predicted))
        assert one.log_loss == pytest.approx(log_loss(lost, predicted))


def test_of_a_sample_they_are_those_of_its_snapshots() -> None:
    channels: list[str | None] = np.random.default_rng(3).choice(CHANNELS[:3], 3000).tolist()
    past, places = watched(channels, [None] * 3000), np.arange(1, 3000, 4)
    whole = past.watched.examples
    past.watched.examples = SimpleNamespace(
        **vars(whole) | {"sampled": places, "features": whole.features[places]}
    )
    found = segments(past, "forest", WORDS)
    unknown = np.setdiff1d(np.arange(3000), places)
    whole.scored.predictions["forest"][unknown] = np.nan
    past.watched.examples = whole
    assert found == segments(past, "forest", WORDS)
    assert len(found) == 3


def test_few_snapshots_say_nothing_of_their_own() -> None:
    channels: list[str | None] = [CHANNELS[number >= 400] for number in range(399 + LEAST)]
    plans = [("pro", "basic")[number % 2] if number < 400 else None for number in range(len(channels))]
    found = segments(watched(channels, plans), "forest", WORDS)
    assert {(one.label, one.value) for one in found} == {("plan", "basic"), ("plan", "pro")}
    assert segments(watched(channels, plans), "nobody", WORDS) == []
