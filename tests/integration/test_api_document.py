"""`docs/api.md`, as a reader would follow it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.place import COMMAND_S, REPOSITORY, Api, Place

PAGE = (REPOSITORY / "docs" / "api.md").read_text("utf-8")


@pytest.fixture(scope="module")
def api(module_place: Place) -> Iterator[Api]:
    """With a worker, as `ebbwatch run` starts them."""
    with module_place.answering_api() as found, module_place.worker():
        yield found


def test_the_five_minutes(api: Api) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    (client,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 8
    blocks.insert(3, f"export KEY\n{sys.executable} - <<'PROGRAM'\n{client}PROGRAM\n")
    environ = api.place.environ() | {
        "URL": api.url,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        env=environ, cwd=api.place.home, capture_output=True, text=True, check=False, timeout=COMMAND_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"score":' in done.stdout
    assert '"user":"user-17"' in done.stdout
