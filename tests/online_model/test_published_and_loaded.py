"""A version that is loaded says what the trainer said, calibrated and explained alike."""

import random
from pathlib import Path

import numpy as np
import pytest

from domain.labels import FEATURES
from online_model.calibration.calibration import calibrated_name
from online_model.calibration.recalibrator import recalibrated
from online_model.calibration.scorer import AS_IT_IS, Line
from online_model.explain.themes import THEMES
from online_model.loading import BACKGROUND, line_of, part_of, settings_of
from online_model.registry.registry import Registry
from online_model.risk import Part
from online_model.training.effects import Effect, LedgerDay, Publish
from online_model.training.publishing import IMPORTANCE
from online_model.training.trainer import Trainer
from tests.online_model.training.histories import LINEAGE, blocks, history
from tests.online_model.training.trained import PARTITIONS, Outcome, fed, plan_of

H = history(3, users=60, days=60)


class Kept(Outcome):
    """What a trainer has published."""

    def __init__(self) -> None:
        super().__init__(H)
        self.published: list[Publish] = []
        self.days_kept: list[LedgerDay] = []

    def carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Publish):
            self.published.append(effect)
        elif isinstance(effect, LedgerDay):
            self.days_kept.append(effect)


@pytest.fixture(scope="module")
def trained() -> tuple[Trainer, Kept]:
    trainer, kept = Trainer(plan_of(H, ("logistic", "recursive", "forest")), PARTITIONS), Kept()
    fed(trainer, kept, blocks(H, PARTITIONS, np.random.default_rng(0)), random.Random(0))
    return trainer, kept


def loaded(publish: Publish, folder: Path) -> Part:
    registry = Registry(str(folder), b"k" * 32)
    registry.prepare()
    manifest = registry.publish(publish.training, publish.arrays, publish.learner)
    assert manifest.version == publish.version
    return part_of(registry.load(manifest.version, LINEAGE), 1.0)


@pytest.mark.parametrize("line", [AS_IT_IS, Line(0.7, -0.2)])
@pytest.mark.parametrize("name", ["logistic", "forest"])
def test_it_says_what_the_trainer_says(
    trained: tuple[Trainer, Kept], tmp_path: Path, name: str, line: Line
) -> None:
    training = trained[0].training
    made = training.court.publishing.version(name, training.lineup, training.quality, line, H.features[:200])
    assert made is not None
    publish, version = made
    part = loaded(publish, tmp_path)
    said = training.lineup.learner(name).predict_many(H.features)
    expected = said if line == AS_IT_IS else recalibrated(said, *line)
    np.testing.assert_allclose(part.scorer.score(H.features), expected, atol=1e-9)
    np.testing.assert_array_equal(part.scorer.score(H.features), version.scorer.score(H.features))
    assert part.background.shape == (64, FEATURES)
    weights = {k: w for k, w in publish.training.metrics.items() if k.startswith(IMPORTANCE)}
    assert set(weights) == {IMPORTANCE + theme for theme in THEMES}
    heaviest = max(weights, key=lambda key: weights[key] or 0.0)
    assert (weights[heaviest] or 0.0) > 0


def test_what_it_publishes_by_itself_has_a_background_of_recent_users(
    trained: tuple[Trainer, Kept], tmp_path: Path
) -> None:
    published = trained[1].published
    assert len(published) > 2
    for publish in published:
        rows = publish.arrays[BACKGROUND]
        assert 2 <= len(rows) <= 64
        known = {row.tobytes() for row in H.features}
        assert all(row.tobytes() in known for row in rows)
    assert loaded(published[-1], tmp_path).background.shape[1] == FEATURES


def test_calibrated_predictions_are_kept_and_are_no_contestants(trained: tuple[Trainer, Kept]) -> None:
    trainer, kept = trained
    assert not any("+" in name for name in trainer.training.lineup.names)
    last = [settled.snapshots for settled, _ in kept.days_kept[-1].settled()][-1]
    assert calibrated_name("logistic") in last.contestants
    said = dict(zip(last.contestants, last.predictions, strict=True))
    assert not np.array_equal(said["logistic"], said[calibrated_name("logistic")])
    report = trainer.training.quality.summary()
    assert calibrated_name("logistic") not in report.contestants


def test_the_line_survives_the_manifest() -> None:
    line = Line(0.1 + 0.2, -1 / 3)
    assert line_of(settings_of(line)) == line
    assert line_of({}) == AS_IT_IS
