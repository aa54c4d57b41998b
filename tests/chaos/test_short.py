"""A short storm, each kind of strike once."""

from pathlib import Path

import pytest

from local_stack.errors import StackError
from tests.chaos.trial import Trial, run


@pytest.mark.integration
@pytest.mark.timeout(1200)
def test_nothing_is_lost_or_doubled_in_a_short_storm(tmp_path: Path) -> None:
    try:
        report = run(Trial(seed=7, kills=5, freezes=1), tmp_path, print)
    except StackError as error:
        if (tmp_path / "home").exists():
            raise
        pytest.skip(f"no Kafka and Redis that can be killed: {error}")
    assert {strike.kind for strike in report.strikes} == {
        "worker", "worker and supervisor", "trainer", "redis", "kafka", "freeze",
    }  # fmt: skip
    assert [f for f in report.findings if not f.holds] == []
