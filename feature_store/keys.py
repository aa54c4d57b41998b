"""Names of the keys: the public layout, version 1 (`docs/redis-layout.md`)."""

from typing import Final

LAYOUT_VERSION: Final = 1
PREFIX: Final = f"ebbwatch:{LAYOUT_VERSION}"

STREAM: Final = f"{PREFIX}:stream"
"""Which topic and which generation of the keys are served: JSON of `feature_store.stream.Stream`."""


COMMAND: Final = f"{PREFIX}:brake"
"""An operator's last command to the brake on alerts: JSON of `feature_store.alerts.BrakeCommand`."""

NEXT: Final = f"{PREFIX}:next"
"""The same of a generation that is being filled beside it; gone when none is."""


class Keys:
    """Keys of one partition in one generation; the hash tag puts them into one slot of a Redis Cluster."""

    def __init__(self, generation: int, partition: int) -> None:
        base = f"{PREFIX}:{{{generation}.{partition}}}"
        self.position = f"{base}:position"
        """String, JSON of `feature_store.position.Position`: the truth about progress."""
        self.users = f"{base}:users"
        """Hash: user id to packed record (`docs/user-state.md`)."""
        self.ranking = f"{base}:ranking"
        """Sorted set of users at risk by risk in whole percent, as of their last visit."""
        self.timers = f"{base}:timers"
        """Sorted set of users by the ms at which their timer is due."""
        self.counts = f"{base}:counts"
        """Hash of counters: outcomes of records, gaps seen."""
        self.names = f"{base}:names"
        """Hash: code (decimal) to the name behind it."""

        self.outbox = f"{base}:outbox"
        """Sorted set of snapshots and outcomes that may not leave yet, by key time (`docs/snapshots.md`)."""
        self.alerts = f"{base}:alerts"
        """Hash: alerts that have not left yet, by id, and the state of the brake."""

    def all(self) -> tuple[str, ...]:
        """In the order in which the script takes them."""
        return (
            self.position,
            self.users,
            self.ranking,
            self.timers,
            self.counts,
            self.names,
            self.outbox,
            self.alerts,
        )
