"""Results of the last few trainings that somebody asked for, in memory."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from advisor.training.names import CUSTOMERS
from api.problems import ProblemError
from api.workspaces.sorting import Sort, sorted_rows

# ruff: noqa: PLC0415 - most processes never need them, and they take their time

MOST_BYTES: Final = 256 << 20
_T = TypeVar("_T")
Mark = tuple[int, int, int]


class Held:
    """Results of one training. They are put in place and taken away whole: what is read later must be of them."""

    def __init__(self, folder: Path, mark: Mark) -> None:
        """
        Args:
            mark: of the folder, before anything was read.

        Raises:
            FileNotFoundError: there are none.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.folder: Final = folder
        self._mark = mark
        self._lock = threading.Lock()
        self._orders: dict[Sort, npt.NDArray[np.int64]] = {}
        table = pq.read_table(folder / CUSTOMERS).combine_chunks()
        if "segment" not in table.column_names:  # results of a program that told none
            table = table.append_column("segment", pa.nulls(table.num_rows, pa.string()))
        self.table: Final = table
        """`advisor.training.customers.SCHEMA`."""

    @cached_property
    def rows(self) -> dict[str, int]:
        """Of each customer, in the table."""
        return {user: row for row, user in enumerate(self.table["user"].to_pylist())}

    def ordered(self, sort: Sort) -> npt.NDArray[np.int64]:
        """Rows of all customers, in this order."""
        with self._lock:
            if sort not in self._orders:
                self._orders[sort] = sorted_rows(self.table, sort)
            return self._orders[sort]

    @cached_property
    def model(self) -> Any:
        """`advisor.training.kept.Model`."""
        from advisor.training.kept import model

        return self._of_them(lambda: model(self.folder))

    def person(self, row: int) -> Any:
        """`advisor.training.kept.Person` of a row of the table."""
        from advisor.training.kept import person

        return self._of_them(lambda: person(self.folder, row))

    def _of_them(self, read: Callable[[], _T]) -> _T:
        from online_model.registry.errors import RegistryError

        try:
            found = read()
        except (FileNotFoundError, RegistryError) as fault:
            raise ProblemError(
                409, "train_again", "the model is not there, or of another program: train again"
            ) from fault
        if mark_of(self.folder) != self._mark:
            raise ProblemError(409, "not_now", "another training has put its results in place: ask again")
        return found


class Shelf:
    """Who was asked for last stays; the others go when all are too large."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._held: OrderedDict[Path, tuple[Mark, Held]] = OrderedDict()

    def results(self, folder: Path) -> Held:
        """Results of a folder, as they are now.

        Raises:
            FileNotFoundError: there are none.
        """
        mark = mark_of(folder)
        with self._lock:
            known = self._held.pop(folder, None)
            held = known[1] if known is not None and known[0] == mark else Held(folder, mark)
            self._held[folder] = (mark, held)
            while len(self._held) > 1 and self._bytes() > self._most:
                self._held.popitem(last=False)
            return held

    def _bytes(self) -> int:
        return sum(held.table.nbytes for _, held in self._held.values())


def mark_of(folder: Path) -> Mark:
    """What is another one when other results are in place.

    Raises:
        FileNotFoundError: there are none.
    """
    about = folder.stat()
    return about.st_ino, about.st_mtime_ns, about.st_ctime_ns
