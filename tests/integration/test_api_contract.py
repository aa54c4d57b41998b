"""The API keeps to its own OpenAPI document, whatever is sent: schemathesis, all checks on."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from batch_jobs.results.results import open_results
from batch_jobs.results.run import Basis
from tests.batch_jobs.exporter import found as found_tables
from tests.integration.place import Api, Place

SETTINGS = Path(__file__).parent / "schemathesis.toml"


@pytest.fixture(scope="module")
def api(module_place: Place) -> Iterator[Api]:
    """With users, so that most calls have something to answer."""
    module_place.ebbwatch("simulate", "--users", 40, "--days", 40, "--seed", 1)
    module_place.ebbwatch("run", "--until-idle")
    results = open_results(str(module_place.home / "archive" / "results"))
    basis = Basis(as_of=date(2024, 5, 1), settings="s", archive="1")
    for job in (
        "overview",
        "retention",
        "survival",
        "segments",
        "engagement",
        "value",
    ):  # none of experiments
        results.write(job, basis, getattr(found_tables, job)(), 1, lambda: 2, lambda: None)
    with module_place.answering_api(api_per_second=0, api_patience=2) as found:  # no worker erases
        yield found


def test_the_document_holds_whatever_is_sent(api: Api) -> None:
    key = api.key("ingest", "read", "alerts", "admin", "workspaces")
    program = Path(sys.executable).parent / "schemathesis"
    done = subprocess.run(
        [str(program), "--config-file", str(SETTINGS), "run", f"{api.url}/v1/openapi.json",
         "--header", f"Authorization: Bearer {key}", "--max-examples", "3", "--seed", "1", "--no-color"],
        capture_output=True, text=True, check=False, cwd=api.place.home,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:]
    assert api.process.text().count("Traceback") == 0, api.process.text()[-5_000:]
