"""The queue on disk."""

from collections import deque
from pathlib import Path

import msgspec
import numpy as np
import pytest

from online_model.training.segments import DamagedQueueError, QueueState, SegmentQueue


@pytest.mark.parametrize("seed", range(6))
def test_cut_back_to_a_checkpoint_it_goes_on_as_from_there(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    queue, kept = SegmentQueue(tmp_path, segment_bytes=300), QueueState()
    expected: deque[bytes] = deque()
    at_checkpoint: deque[bytes] = deque()
    for _ in range(600):
        turn = rng.random()
        if turn < 0.5:
            payload = rng.bytes(int(rng.integers(0, 90)))
            queue.append(payload)
            expected.append(payload)
        elif turn < 0.9 and expected:
            assert queue.pop() == expected.popleft()
        elif turn < 0.95:
            kept, at_checkpoint = queue.state(), expected.copy()
            queue.forget(kept)
        else:
            queue.close()
            kept = msgspec.json.decode(msgspec.json.encode(kept), type=QueueState)
            queue, expected = SegmentQueue(tmp_path, kept, segment_bytes=300), at_checkpoint.copy()
        assert len(queue) == len(expected)
    queue.close()


def test_forgets_what_is_consumed(tmp_path: Path) -> None:
    queue = SegmentQueue(tmp_path, segment_bytes=50)
    for number in range(20):
        queue.append(bytes(40) + bytes([number]))
    for _ in range(15):
        queue.pop()
    before = len(list(tmp_path.iterdir()))
    queue.forget(queue.state())
    assert len(list(tmp_path.iterdir())) < before - 10
    assert queue.pop()[-1] == 15
    queue.close()


def test_what_need_not_last_is_deleted_at_once(tmp_path: Path) -> None:
    queue = SegmentQueue(tmp_path, segment_bytes=50, durable=False)
    for number in range(20):
        queue.append(bytes(40) + bytes([number]))
    assert [queue.pop()[-1] for _ in range(20)] == list(range(20))
    assert len(list(tmp_path.iterdir())) <= 1
    with pytest.raises(IndexError):
        queue.pop()
    queue.close()


def test_damage_is_named(tmp_path: Path) -> None:
    queue = SegmentQueue(tmp_path)
    queue.append(b"something")
    state = queue.state()
    queue.close()
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"?")
    damaged = SegmentQueue(tmp_path, state)
    with pytest.raises(DamagedQueueError, match="damaged at byte 0"):
        damaged.pop()
    damaged.close()
    path.write_bytes(content[:-1])
    with pytest.raises(DamagedQueueError, match="does not reach"):
        SegmentQueue(tmp_path, state)
