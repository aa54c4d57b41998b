"""The API keeps to its own OpenAPI document, whatever is sent: schemathesis, all checks on."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.place import Api, Place

SETTINGS = Path(__file__).parent / "schemathesis.toml"


@pytest.fixture(scope="module")
def api(module_place: Place) -> Iterator[Api]:
    """With users, so that most calls have something to answer."""
    module_place.ebbwatch("simulate", "--users", 40, "--days", 40, "--seed", 1)
    module_place.ebbwatch("run", "--until-idle")
    with module_place.answering_api(api_per_second=0) as found:
        yield found


def test_the_document_holds_whatever_is_sent(api: Api) -> None:
    key = api.key("ingest", "read", "alerts", "admin")
    program = Path(sys.executable).parent / "schemathesis"
    done = subprocess.run(
        [str(program), "--config-file", str(SETTINGS), "run", f"{api.url}/v1/openapi.json",
         "--header", f"Authorization: Bearer {key}", "--max-examples", "3", "--seed", "1", "--no-color"],
        capture_output=True, text=True, check=False, cwd=api.place.home,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:]
    assert api.process.text().count("Traceback") == 0, api.process.text()[-5_000:]
