"""One figure that people ask for, out of four. It is shown beside the F1 of flagging everybody, and decides nothing.

    score = 0.4 F1 + 0.3 recall + 0.2 ROI + 0.1 stability, each within 0 to 1

F1 and recall are best where many are flagged, whoever they are, so a model that knows nothing may have a good score.
Who serves is decided by evidence on log loss (`online_model.tournament`).
"""

from collections.abc import Sequence

import numpy as np

from online_model.quality.decided import Decided
from online_model.thresholds import Contact


def roi(found: Decided, contact: Contact, base_rate: float) -> float | None:
    """Share of what contacting exactly the lost would bring that these contacts bring; a loss counts as 0.

    None where not even that would pay.
    """
    gain = found.cost_of_none - found.cost_with_saving
    most = base_rate * (contact.chance_of_saving * contact.value - contact.cost)
    return min(max(gain / most, 0.0), 1.0) if most > 0 else None


def stability(aucs: Sequence[float | None]) -> float | None:
    """1 − 2 · standard deviation of the AUC over the folds, which lies within 0 to 1; None for fewer than two."""
    known = [auc for auc in aucs if auc is not None]
    return 1 - 2 * float(np.std(known)) if len(known) > 1 else None


def score(
    f1: float | None, recall: float | None, returned: float | None, steady: float | None
) -> float | None:
    """None where one of them is not known."""
    if f1 is None or recall is None or returned is None or steady is None:
        return None
    return 0.4 * f1 + 0.3 * recall + 0.2 * returned + 0.1 * steady
