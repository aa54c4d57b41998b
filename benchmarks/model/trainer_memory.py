"""``python -m benchmarks.model.trainer_memory BLOCKS FOLDER LINEAGE``: the memory that a training takes.

Blocks come from a file of MessagePack pairs (topic, record), so that nothing but the training takes memory.
Versions are published, days of the ledger made into tables, checkpoints written.
"""

import json
import sys
from pathlib import Path

from stream_processors.lean import begin_lean

begin_lean()  # as the trainer's process does, before its first import of River

import msgspec  # noqa: E402
import psutil  # noqa: E402

from domain.labels import delay_ms  # noqa: E402
from domain.settings import FactSettings  # noqa: E402
from online_model.registry.registry import Registry  # noqa: E402
from online_model.tiers import Thresholds  # noqa: E402
from online_model.training.contestants import DEFAULT  # noqa: E402
from online_model.training.effects import LedgerDay, Publish  # noqa: E402
from online_model.training.merge import TOPICS, Topic  # noqa: E402
from online_model.training.trainer import Trainer  # noqa: E402
from online_model.training.training import Plan  # noqa: E402

_CHECKPOINT_EVERY = 2_000
_KEY = b"of the benchmark alone"


def main(blocks: Path, folder: Path, lineage: str) -> None:
    """Feed, carry out, measure."""
    facts = FactSettings()
    plan = Plan(lineage=lineage, facts=facts, contestants=DEFAULT, seed=0)
    trainer = Trainer(plan, 1, folder / "trainer", _KEY)
    registry = Registry(str(folder / "registry"), _KEY)
    registry.prepare()
    before = psutil.Process().memory_info().rss
    offsets: dict[Topic, int] = dict.fromkeys(TOPICS, 0)
    with blocks.open("rb") as file:
        for number in range(1 << 62):
            head = file.read(4)
            if not head:
                break
            topic, record = msgspec.msgpack.decode(file.read(int.from_bytes(head)), type=tuple[Topic, bytes])
            trainer.add_record(topic, offsets[topic], record)
            offsets[topic] += 1
            for effect in trainer.advance():
                if isinstance(effect, Publish):
                    registry.publish(effect.training, effect.arrays, effect.learner)
                elif isinstance(effect, LedgerDay):
                    effect.table(delay_ms(facts), Thresholds())
            if number % _CHECKPOINT_EVERY == 0:
                trainer.checkpoint()
    told = {
        "before_mb": round(before / 1e6, 1),
        "most_mb": round(_most() / 1e6, 1),
        "snapshots": trainer.training.counts["predicted"],
        "learned": trainer.training.counts["learned"],
        "learners_mb": {name: round(size / 1e6, 2) for name, size in trainer.training.lineup.sizes().items()},
    }
    trainer.close()
    sys.stdout.write(json.dumps(told))


def _most() -> int:
    """Bytes; `ru_maxrss` would count what the parent had when it forked."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
