"""The trainer's process: ``python -m stream_processors.trainer``, started by the supervisor."""

import logging
import signal
import sys

from logs.beginning import begin
from stream_processors.config import EXIT_REFUSED
from stream_processors.lean import begin_lean

log = logging.getLogger("ebbwatch.trainer")


def main() -> int:
    """Run until told to stop; returns the exit code."""
    begin_lean()
    # only now, for what they would take in
    from online_model.registry.errors import RegistryError  # noqa: PLC0415
    from online_model.training.checkpoint import CheckpointError  # noqa: PLC0415
    from online_model.training.segments import DamagedQueueError  # noqa: PLC0415
    from stream_processors.trainer_config import from_environment  # noqa: PLC0415
    from stream_processors.trainer_process import Process  # noqa: PLC0415
    from stream_processors.trainer_topics import CutTopicError  # noqa: PLC0415

    process = Process(from_environment())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, process.stop)
    try:
        process.run()
    except (CheckpointError, DamagedQueueError, CutTopicError, RegistryError) as fault:
        log.error("refused: %s", fault)  # noqa: TRY400 - the message says it all
        return EXIT_REFUSED
    except OSError as fault:
        log.error("cannot keep the state: %s", fault)  # noqa: TRY400
        return 1
    return 0


if __name__ == "__main__":
    begin("trainer")
    sys.exit(main())
