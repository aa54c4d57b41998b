"""A Redis Cluster on one machine: masters without replicas, each a process of its own."""

import time
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Final

from redis import Redis

from local_stack.errors import StackError
from local_stack.part import Progress
from local_stack.ports import HOST
from local_stack.readiness import POLL_SECONDS
from local_stack.redis.server import RedisServer

SLOTS: Final = 16_384
_READY_S: Final = 60.0


class ClusterMember(RedisServer):
    """One master."""

    port_count: ClassVar[int] = 2
    """Of clients, and of the other members."""

    def settings(self, ports: tuple[int, ...]) -> dict[str, str]:
        """See `RedisServer.settings`."""
        return super().settings(ports) | {
            "cluster-enabled": "yes",
            "cluster-port": str(ports[1]),
            "cluster-config-file": "nodes.conf",
            "cluster-node-timeout": "2000",
        }


class LocalCluster:
    """Masters that share the slots evenly."""

    def __init__(self, folder: Path, random: Random, progress: Progress, masters: int = 3) -> None:
        self.masters = [ClusterMember(folder / f"master-{n}", random, progress) for n in range(masters)]

    def start(self) -> None:
        """Start all, make them a cluster if they are none yet, and return when it answers.

        Raises:
            StackError: a server cannot be started, or they do not come together.
        """
        for master in self.masters:
            master.start()
        clients = [Redis.from_url(master.url) for master in self.masters]
        try:
            for number, client in enumerate(clients):
                if not _info(client)["cluster_slots_assigned"].strip("0"):
                    first, last = (SLOTS * n // len(clients) for n in (number, number + 1))
                    client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last - 1)  # type: ignore[no-untyped-call]
                    port, bus = self.masters[0].record.ports
                    client.execute_command("CLUSTER", "MEET", HOST, port, bus)  # type: ignore[no-untyped-call]
            self._await(clients)
        finally:
            for client in clients:
                client.close()

    def kill(self) -> None:
        """End all at once; their data stays."""
        for master in self.masters:
            master.kill()

    @property
    def url(self) -> str:
        """How clients reach it: by one of its nodes."""
        return f"{self.masters[0].url}?cluster=true"

    def _await(self, clients: list[Redis]) -> None:
        give_up = time.monotonic() + _READY_S
        while not all(self._whole(client) for client in clients):
            if time.monotonic() > give_up:
                raise StackError(
                    f"Redis: the members of the cluster do not come together in {_READY_S:.0f} s"
                )
            time.sleep(POLL_SECONDS)

    def _whole(self, client: Redis) -> bool:
        found = _info(client)
        return found["cluster_state"] == "ok" and int(found["cluster_known_nodes"]) == len(self.masters)


def _info(client: Redis) -> dict[str, str]:
    stored: Any = client.execute_command("CLUSTER INFO")  # type: ignore[no-untyped-call]
    return dict(stored)
