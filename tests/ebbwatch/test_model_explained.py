"""Explanations of a score that is no sum over features, and of who has none."""

import math

import numpy as np
import pytest
from rich.console import Console

from domain.features import features
from domain.settings import FactSettings
from ebbwatch.commands.model_tables import explanation
from feature_store.lookup import Facts
from online_model.learners.line_up import make
from online_model.own_rhythm import Population
from online_model.risk import Part, Risk
from online_model.tiers import Thresholds
from profiles.explained import GoneError, explained
from profiles.views import Basis, judged, view
from tests.domain.histories import DAY
from tests.ebbwatch.test_shown import T, came, folded

FACTS = FactSettings()
CLOCK = T + 20 * DAY


def facts() -> Facts:
    records = [
        *came("often", *range(9)),
        *came("seldom", 0, 8),
        *came("new", 16),
        *came("now", *range(10, 20)),
    ]
    users, states = folded(*records)
    return Facts(0, users, states, CLOCK)


def basis(found: Facts) -> Basis:
    """Served by a contestant that is not additive."""
    scorer = make("own_rhythm", 0, FACTS.horizon_ms).scorer()
    assert scorer is not None
    slots = np.arange(len(found.users))
    x = features(found.states, slots, np.full(len(slots), CLOCK))
    part = Part("1700000000000-0123456789ab", "own_rhythm", scorer, 1.0, x)
    return Basis(Risk([part]), Population(), FACTS.horizon_ms, Thresholds())


def test_sampled_parts_add_up_and_carry_their_errors() -> None:
    found = facts()
    by = basis(found)
    seen = judged(found, by)
    slot = found.users.index("often")
    why = explained(seen, slot, by, {})
    assert (why.model, why.contestant, why.exact) == ("1700000000000-0123456789ab", "own_rhythm", False)
    assert why.base is not None
    assert why.log_odds == pytest.approx(math.log(why.risk / (1 - why.risk)))
    assert why.base + sum(piece.weight for piece in why.features) == pytest.approx(why.log_odds)
    assert why.base + sum(theme.weight for theme in why.themes) == pytest.approx(why.log_odds)
    assert any(piece.error > 0 for piece in why.features)
    for theme in why.themes:
        assert theme.error_at_most > 0
        assert (theme.weight > 0) == (theme.direction == "raises")
    assert [theme.text for theme in why.themes][:3] == view(seen, slot, by, {}).reasons
    console = Console(width=120)
    with console.capture() as text:
        console.print(*explanation(why))
    assert "sampled, ± standard error" in text.get()
    assert "±" in text.get()


def test_the_baselines_reasons_do_not_claim_to_add_up() -> None:
    found = facts()
    by = basis(found)._replace(risk=Risk())
    why = explained(judged(found, by), found.users.index("often"), by, {})
    assert (why.base, why.features, why.model) == (None, [], "own-rhythm-1")
    assert why.themes[0].text.startswith("no session for 12 days")


def test_who_is_gone_has_nothing_to_explain() -> None:
    found = facts()._replace(clock=T + 99 * DAY)
    found.states["gone"] = True
    by = basis(facts())
    with pytest.raises(GoneError, match="no risk to explain"):
        explained(judged(found, by), 0, by, {})
