"""A customer of a file as the customer is, and as the customer would be: by what answers for users of the stream."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from api.problems import ProblemError
from api.workspaces.shelf import Held
from domain.hashing import hashes_of
from feature_store.lookup import Facts
from online_model.own_rhythm import Population
from online_model.risk import Risk
from online_model.tiers import Thresholds
from profiles.answers import Judge
from profiles.questions import Given, WhatIf, what_if
from profiles.views import Basis, Judged

COMPARED: Final = 16
"""Customers with whom one is compared where contributions are sampled, of those that were kept: with all of them the
slowest models take 0.7 s. What they are not sure of is told in `exact`; they add up all the same."""


def row_of(held: Held, user: str) -> int:
    """Where a customer stands; raises 404 for one that the file does not have."""
    row = held.rows.get(user)
    if row is None:
        raise ProblemError(404, "unknown_customer", "the file has no such customer")
    return row


def suppose(held: Held, user: str, silent_days: float, changed: Given) -> WhatIf:
    """A customer after so many days without a purchase, and with other features.

    Raises 404 for one that the file does not have, 409 for one that is gone, `UnfitFeatureError` for a feature that
    cannot be so.
    """
    row = row_of(held, user)
    known = held.table["probability"][row].as_py()
    if known is None:
        raise ProblemError(409, "gone", "the customer is gone: there is no score to move")
    (part, manifest), person = held.model, held.person(row)
    facts, some = manifest.training.facts, part.background
    part = part._replace(background=some[:: max(len(some) // COMPARED, 1)])  # evenly
    seen = Judged(
        facts=Facts(0, [user], person.state, person.as_of_ms),
        nows=np.array([person.as_of_ms]),
        hashes=hashes_of([user]),
        risk=np.array([known]),
    )
    judge = Judge(Basis(Risk([part]), Population(), facts.horizon_ms, Thresholds()), (False,), (True,))
    names: Mapping[int, str] = person.names
    return what_if(seen, 0, judge, names, silent_days, changed, facts.inactivity_ms)
