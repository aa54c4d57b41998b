"""The same events handed to users in turn: the worst case for whatever gains from neighbours of one user."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class EvenSpread:
    """Gives every event another user: each of `users` has had k events before anyone has k + 1.

    Times, types and contents stay, in that order; event, session and order ids become the round's number. What a
    user does makes no story any more, so this is for measuring speed only.
    """

    def __init__(self, users: int, seed: int) -> None:
        self._users = users
        self._seed = seed
        self._given = 0

    def __call__(self, events: NDArray[Any]) -> NDArray[Any]:
        """The next events of the stream, with other users."""
        places = np.arange(self._given, self._given + len(events))
        self._given += len(events)
        rounds = places // self._users
        spread = events.copy()
        for turn in np.unique(rounds):
            mine = rounds == turn
            spread["user"][mine] = self._order(int(turn))[places[mine] % self._users]
        spread["number"] = rounds + 1
        for name in ("session", "order"):
            spread[name] = np.where(events[name] > 0, rounds + 1, 0)
        return spread

    def _order(self, turn: int) -> NDArray[np.int64]:
        words = np.random.Philox(np.random.SeedSequence([self._seed, turn])).random_raw(self._users)
        return np.argsort(words, kind="stable")
