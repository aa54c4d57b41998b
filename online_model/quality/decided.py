"""What comes of contacting everybody above a threshold."""

import msgspec
import numpy as np

from online_model.quality.ranking import Ranked
from online_model.thresholds import Contact


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """Confusion matrix at a threshold, by weight, and what follows from it; flagged is who lies **above** it."""

    threshold: float
    true_positives: float
    false_positives: float
    false_negatives: float
    true_negatives: float
    accuracy: float
    precision: float | None
    """None if nobody is flagged."""
    recall: float | None
    """None if nobody is lost."""
    f1: float | None
    """None if nobody is lost and nobody flagged."""
    f1_of_all: float
    """F1 of flagging everybody, which often is the best one: F1 alone says little."""
    cost: float
    """Money per example: a false alarm costs a contact, a lost user who was not flagged costs the user's value."""
    cost_with_saving: float
    """Money per example if every contact is paid for and keeps only its chance of saving: least at the threshold of
    `Contact` for predictions that are right."""
    cost_of_none: float
    """The latter if nobody is contacted."""
    cost_of_all: float
    """The latter if everybody is contacted."""


def decided(r: Ranked, contact: Contact) -> Decided | None:
    """Who would have been contacted, and what it would have cost; None without examples."""
    if r.total <= 0:
        return None
    groups = int(np.searchsorted(-r.predictions[r.ends], -contact.threshold, side="left"))
    flagged = float(r.mass[groups - 1]) if groups else 0.0
    hit = float(r.hits[groups - 1]) if groups else 0.0
    false_alarms, missed = flagged - hit, r.positives - hit
    right = r.total - false_alarms - missed
    lost_with_contact = (1 - contact.chance_of_saving) * contact.value
    return Decided(
        threshold=contact.threshold,
        true_positives=hit,
        false_positives=false_alarms,
        false_negatives=missed,
        true_negatives=right - hit,
        accuracy=right / r.total,
        precision=hit / flagged if flagged > 0 else None,
        recall=hit / r.positives if r.positives > 0 else None,
        f1=2 * hit / (flagged + r.positives) if flagged + r.positives > 0 else None,
        f1_of_all=2 * r.positives / (r.total + r.positives),
        cost=(contact.cost * false_alarms + contact.value * missed) / r.total,
        cost_with_saving=(contact.cost * flagged + lost_with_contact * hit + contact.value * missed)
        / r.total,
        cost_of_none=contact.value * r.positives / r.total,
        cost_of_all=contact.cost + lost_with_contact * r.positives / r.total,
    )
