"""What it takes to be promoted, and to be rolled back."""

import msgspec


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Days are due days of outcomes, so event time."""

    alpha: float = 0.05
    """Probability that a reign ends with a challenger that is no better; all challengers share it. Likewise that a
    champion is rolled back to a predecessor that is no better."""
    late_share: float = 0.1
    """Of alpha, for challengers that come after a reign has begun."""
    least_improvement: float = 0.001
    """A challenger must be proven better by more than this share of the champion's log loss. Equal contestants differ
    a little on any finite set of users; against that, a thousandth is enough (`docs/benchmarks.md`)."""
    stands_in: bool = True
    """The baseline has no claim: it serves until something is trained. Whoever is better on the same examples, after
    the minimum age and `stand_in_examples`, takes its place; proof is asked for from then on."""
    stand_in_examples: int = 500
    """On which baseline and successor were compared, chosen or not: they overlap, but nothing is proven here."""
    clip: float = 0.01
    """Predictions are taken as within [clip, 1 − clip], so that no single example decides."""
    minimum_examples: int = 500
    """That a contestant has learned when it made the first prediction that counts."""
    minimum_days: int = 14
    """With outcomes, that a challenger has been compared."""
    delay_days: int = 31
    """From a snapshot to its outcome: horizon and allowed lateness, rounded up."""
    stages: tuple[float, ...] = (0.1, 0.5, 1.0)
    """Shares of users served by a new champion, one after the other."""
    stage_days: int = 7
    hold_evidence: float = 3.0
    """A stage waits while the e-value for "the predecessor is better" is above this."""
    rest_days: int = 28
    """For which one that was rolled back is not promoted again."""
    jump: float = 0.1
    """Probabilities may move so much more, on average, at a swap than they differed while compared."""
    decline: float = 0.95
    """Of the best fading AUC of its reign: a champion below it gets fresh challengers."""
    fading_days: float = 28.0
    """Half-life of the fading AUC."""
    history_examples: float = 2_000.0
    """What the fading AUC must rest on, older examples counted less: its standard error is then some 0.015. With few
    users that is never so, and only drift asks for challengers."""
    challengers_days: int = 28
    """Fresh challengers are asked for at most once in so many days."""
