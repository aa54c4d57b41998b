"""What may come of a step: what its process says when it ends, and what its end says where it could not."""

import signal
from typing import Final, Literal, get_args

from advisor.workspaces.workspace import TO_DO, State

Step = Literal["read", "map", "train"]
STEPS: Final[tuple[Step, ...]] = get_args(Step)
STEP_OF: Final[dict[State, Step]] = dict(zip(TO_DO, STEPS, strict=True))
"""What a workspace waits for, by its state."""

Outcome = Literal["succeeded", "failed", "cancelled", "out_of_memory", "out_of_time", "killed", "crashed"]
"""Done; the file was refused, with the reason; the workspace was changed or deleted meanwhile; a limit of
`advisor.workspaces.work` was met; somebody else ended the process, as a machine without memory does; a fault of the
program."""
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
ENDED: Final[frozenset[Outcome]] = frozenset({"succeeded", "failed", "cancelled"})
"""After which there is nothing to be done again."""

CODES: Final[dict[Outcome, int]] = {"succeeded": 0, "failed": 10, "cancelled": 11, "out_of_memory": 12}
"""Exit codes of the process, of what it can say itself."""
_SAID: Final = {code: outcome for outcome, code in CODES.items()}
_SIGNALS: Final[dict[int, Outcome]] = {-signal.SIGXCPU: "out_of_time", -signal.SIGKILL: "killed"}


def outcome(code: int) -> Outcome:
    """Of a step whose process has ended.

    Args:
        code: as `subprocess` has it: a signal is negative.
    """
    return _SAID.get(code) or _SIGNALS.get(code, "crashed")
