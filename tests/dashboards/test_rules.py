"""Alert rules, their tests by promtool, and Alertmanager's configuration."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "dashboards" / "prometheus"
RULES = sorted((FOLDER / "rules").glob("*.yml"))
GROUPS = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
ALERTS: dict[str, dict[str, Any]] = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}
TESTS = sorted((FOLDER / "tests").glob("*.yml"))
CASES = [
    case
    for path in TESTS
    for test in yaml.safe_load(path.read_text())["tests"]
    for case in test["alert_rule_test"]
]


def run(*command: str) -> str:
    """Output of a tool of Prometheus, which has to be content."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed (Debian: prometheus, prometheus-alertmanager)")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("alert", ALERTS)
class TestAlert:
    def test_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(self, alert: str) -> None:
        fires = {bool(case["exp_alerts"]) for case in CASES if case["alertname"] == alert}

        assert fires == {True, False}

    def test_leads_to_a_page_that_names_it(self, alert: str) -> None:
        page = ALERTS[alert]["annotations"]["runbook_url"].partition("/runbooks/")[2]

        assert f"Alert `{alert}`." in (ROOT / "docs" / "runbooks" / f"{page}.md").read_text("utf-8")

    def test_says_what_it_is_about(self, alert: str) -> None:
        rule = ALERTS[alert]

        assert rule["labels"]["severity"] in ("page", "ticket", "inform")
        assert rule["labels"]["audience"] in ("operations", "growth")
        assert len(rule["annotations"]["description"]) > 20


def test_every_page_has_its_alert() -> None:
    named = {
        name
        for path in (ROOT / "docs" / "runbooks").glob("*.md")
        for name in re.findall(r"`(Ebbwatch\w+)`", path.read_text("utf-8"))
    }

    assert named == set(ALERTS)


def test_promtool_takes_the_rules() -> None:
    run("promtool", "check", "rules", *map(str, RULES))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules_fire_when_they_should(path: Path) -> None:
    assert "SUCCESS" in run("promtool", "test", "rules", str(path))


def test_alertmanager_takes_its_configuration() -> None:
    run("amtool", "check-config", str(ROOT / "dashboards" / "alertmanager" / "alertmanager.yml"))
