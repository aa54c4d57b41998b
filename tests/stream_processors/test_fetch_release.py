"""The bytes of a fetch go when the last reference to it goes."""

import gc
import weakref

import numpy as np

from domain.records import Records
from stream_processors.transport import Fetch


def test_a_fetch_is_freed_without_garbage_collection() -> None:
    column = np.zeros(3, np.int64)
    fetch = Fetch("session-events", 0, 7, Records(b"", column, column, column, column, column))
    assert fetch.value is fetch
    alive = weakref.ref(column)
    gc.disable()
    try:
        del column, fetch
        assert alive() is None
    finally:
        gc.enable()
