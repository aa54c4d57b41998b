"""What a training has learned when it is cancelled or killed, so that the next one of the same kind goes on from it.

It is pickled, and opened by a process like the one that wrote it: whoever could put another file there runs as that
process already. The key keeps it whole, and vouches for nobody.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from advisor.training.names import WHOLE_KEY
from advisor.training.reached import ABOUT, Reached, Way, reached
from online_model.training.checkpoint import CheckpointError
from online_model.training.past import Past
from online_model.training.segments import DamagedQueueError
from storage.durable import replacing


class Paused:
    """A training that can be gone on from, in one folder."""

    def __init__(self, folder: Path, way: Way) -> None:
        """What another kind of training has left there is dropped.

        Args:
            folder: made here.
        """
        self._folder, self._way = folder, way
        found = reached(folder)
        if found is None or found.way != way:
            self._anew()

    def past(self, made: Callable[[Path, bytes], Past]) -> Past:
        """What has been learned so far; all of it is learned anew where it cannot be gone on from.

        Args:
            made: as `Past`, by folder and key.
        """
        try:
            return made(self._folder, WHOLE_KEY)
        except (CheckpointError, DamagedQueueError):
            self._anew()
            return made(self._folder, WHOLE_KEY)

    def keep(self, past: Past, own: Any, share: float) -> None:
        """So much of the events is learned from.

        Args:
            own: see `Past.keep`.

        Raises:
            OSError: the disk is full; what was kept before is still there.
        """
        past.keep(own)
        with replacing(self._folder / ABOUT) as file:
            file.write(msgspec.json.encode(Reached(way=self._way, share=share)))

    def _anew(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()  # in a folder that may have been deleted meanwhile
