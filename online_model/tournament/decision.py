"""What the tournament decides, with the evidence; what operators may tell it."""

from typing import Literal

import msgspec

Kind = Literal[
    "promote", "roll_out", "roll_back", "reject_version", "start_challengers", "pin", "unpin", "veto", "lift_veto",
    "enter",
]  # fmt: skip


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A champion against one other contestant, on the chosen snapshots of untreated users."""

    champion: str
    other: str
    examples: int
    days: int
    """Due days with examples; each is one observation."""
    champion_log_loss: float
    """Mean, nats, of predictions clipped as the rules say."""
    other_log_loss: float
    least_improvement: float
    """Share of the champion's log loss that is taken off first: `mean` and bounds are of what is left."""
    mean: float
    """Of (1 − least improvement) · champion's log loss − the other's; above 0 the other is better."""
    lower: float
    """The mean lies above it, at any time, with probability 1 − alpha."""
    upper: float
    log_evidence: float
    """Natural logarithm of the e-value for a mean above 0; it is proven from −log(alpha)."""
    alpha: float
    mean_shift: float
    """Mean size of the difference of the two probabilities."""
    ages: dict[str, int]
    """Examples that the two had learned."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was decided, for the log of decisions."""

    at_ms: int
    """Event time; the end of the day, or when the operator's command came."""
    kind: Kind
    champion: str
    """Who is champion from now on."""
    previous: str | None = None
    """Who was, where that changed or a roll-out goes on: serves the users whom the champion does not serve yet."""
    other: str | None = None
    """Whom else it is about: who was vetoed, had been rejected, or has entered."""
    share: float = 1.0
    """Of the users (`online_model.risk.Risk.serving`), served by the champion from now on."""
    version: str | None = None
    """The one version of the champion that serves until it is unpinned; None if later ones follow."""
    by: Literal["evidence", "operator", "batch"] = "evidence"
    reason: str
    """For people."""
    evidence: Evidence | None = None
    figures: dict[str, float] = {}
    """What else it rests on."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator wants, or, for `enter`, the batch jobs."""

    kind: Literal["pin", "unpin", "promote", "roll_back", "veto", "lift_veto", "enter"]
    name: str | None = None
    """A contestant, for `promote`, `veto` and `lift_veto`; `pin` makes it champion first, if there is one."""
    version: str | None = None
    """For `pin`: the one version that is to serve; for `enter`: the candidate. Whose it is, the registry says."""


class CommandError(ValueError):
    """The command cannot be carried out now; the text says why and what else to do."""
