"""Free ports, and small files that are whole or not there."""

import socket
from pathlib import Path
from random import Random

import pytest

from local_stack.files import last_lines, write_atomically
from local_stack.ports import HOST, free_ports, is_free, is_open


def test_a_port_with_a_listener_is_open_and_not_free() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        assert is_open(port)
        assert not is_free(port)
    assert not is_open(port)
    assert is_free(port)


def test_free_ports_differ_and_avoid_taken_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    def ports() -> tuple[int, ...]:
        """As of a process that has asked for none."""
        monkeypatch.setattr("local_stack.ports._handed_out", set())
        return free_ports(3, Random(1))

    first = ports()
    assert len(set(first)) == 3
    with socket.create_server((HOST, first[0])):
        again = ports()
    assert first[0] not in again
    assert ports() == first


def test_a_port_is_handed_out_once() -> None:
    first = free_ports(3, Random(1))
    assert set(first).isdisjoint(free_ports(3, Random(1))), "who got the first ones may not listen yet"


def test_ports_stay_clear_of_those_that_outgoing_connections_get() -> None:
    borders = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(borders.read_text().split()[0]) if borders.exists() else 49_152
    assert all(port < lowest for port in free_ports(50, Random(2)))


def test_a_file_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "record.json"
    write_atomically(path, b"one")

    def fail(self: Path, target: Path) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="power cut"):
        write_atomically(path, b"two")
    assert path.read_bytes() == b"one"


def test_last_lines_of_a_long_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert last_lines(log) == []
    log.write_bytes(b"".join(b"line %d \xff\n" % number for number in range(10_000)))
    assert [line.split()[1] for line in last_lines(log, 3)] == ["9997", "9998", "9999"]
