"""The files of a version: arrays that serve, and the learner that goes on learning."""

import io
import pickle
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[Any]]


def pack_arrays(arrays: Arrays) -> bytes:
    """An npz file; the same arrays give the same bytes.

    Raises:
        TypeError: an array of Python objects, which could only be pickled.
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"array {name!r} holds Python objects; a scorer is made of numbers and text")
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})
    return file.getvalue()


def unpack_arrays(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Inverse of `pack_arrays`; executes nothing that stands in the file.

    Raises:
        ValueError: no such file.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, EOFError, KeyError, zipfile.BadZipFile) as fault:
        raise ValueError(f"no arrays: {fault}") from fault


def pack_learner(learner: object) -> bytes:
    """A pickle, in the newest form that every supported Python reads."""
    return pickle.dumps(learner, protocol=5)


def unpack_learner(content: bytes) -> Any:
    """The learner. A pickle may run any code: only for bytes whose signature has been checked.

    Raises:
        Exception: whatever its classes raise when they have changed since.
    """
    return pickle.loads(content)  # noqa: S301 - see above
