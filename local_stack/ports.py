"""Free TCP ports of this machine."""

import socket
from collections.abc import Sequence
from random import Random

from local_stack.errors import StackError

HOST = "127.0.0.1"
_RANGE = range(20_000, 30_000)
# Below the ports that systems hand out to outgoing connections: while a server is down, a client that keeps
# trying to reach it may otherwise be given that very port, and the server cannot come back.

_handed_out: set[int] = set()
"""By this process: whoever asked for them may not listen yet."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do: old connections may linger
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def is_open(port: int) -> bool:
    """Whether something accepts connections on this port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


def free_ports(count: int, random: Random, *, but: Sequence[int] = ()) -> tuple[int, ...]:
    """`count` different free ports, none of them in `but`, and none that this process was given before.

    Raises:
        StackError: nearly every port is taken.
    """
    found: list[int] = []
    for _ in range(1000):
        if len(found) == count:
            return tuple(found)
        port = random.choice(_RANGE)
        if port not in _handed_out and port not in but and is_free(port):
            found.append(port)
            _handed_out.add(port)
    raise StackError(f"no {count} free ports between {_RANGE.start} and {_RANGE.stop - 1} on {HOST}")
