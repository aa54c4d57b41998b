"""All metrics follow one scheme, none has a label without bounds, and Prometheus gets along with them."""

import re
from pathlib import Path
from typing import Final

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from batch_jobs.exporter.families import FAMILIES, told
from domain.catalogue import NAMES
from domain.events import EVENT_TYPES
from ebbwatch.metrics_reference import LABELS, UNITS, Described, described, empty
from ebbwatch.settings import Settings
from tests.promtool import require_clean_metrics

ROOT: Final = Path(__file__).parents[2]
PORTS: Final = described()
METRICS: Final[dict[str, Described]] = {m.name: m for found in PORTS.values() for m in found}
ROOMS: Final = (
    "worker trainer archiver notifier courier advisor console api exporter store redis job overview churn cohort "
    "survival segment engagement value"
)
COUNTED: Final = re.compile(
    "(?:users|records|alerts|examples|snapshots|deliveries|rows|restarts|clients|steps|workspaces|sessions|orders|held|state|version|"
    "success|readable|ready|healthy|slope|score|loss|auc|psi|p_value|chi_squared)$"
)
"""Ends of names that stand for no unit."""


class TestNames:
    def test_no_name_is_told_by_two_processes(self) -> None:
        names = [m.name for found in PORTS.values() for m in found]
        assert sorted(names) == sorted(set(names))

    @pytest.mark.parametrize("name", METRICS)
    def test_follows_the_scheme(self, name: str) -> None:
        metric = METRICS[name]
        parts = name.split("_")
        assert parts[0] == "ebbwatch"
        assert parts[1] in ROOMS.split()
        assert (parts[-1] == "total") == (metric.kind == "counter")
        if metric.kind == "gauge":
            assert name.endswith(tuple(UNITS)) or COUNTED.search(name), "it needs a unit"
        if metric.kind == "histogram":
            assert name.endswith(("_seconds", "_records"))
            assert list(metric.buckets) == sorted(set(metric.buckets)) != []
        assert len(metric.meaning) > 3

    def test_each_process_tells_of_itself(self) -> None:
        for port, metrics in PORTS.items():
            assert any(m.name.startswith(f"ebbwatch_{port.process}_") for m in metrics)
            assert f"ebbwatch_{port.process}_restarts" in {m.name for m in metrics}


class TestLabels:
    def test_each_is_bounded_and_said(self) -> None:
        assert {label for metric in METRICS.values() for label in metric.labels} == set(LABELS)

    def test_none_is_of_a_user_or_taken_by_prometheus(self) -> None:
        taken = {"job", "instance", "le", "quantile"}
        for label in LABELS:
            assert label not in taken
            assert not re.search("user|email|key|path|url|event_id", label)


class TestPorts:
    def test_settings_have_them_and_prometheus_reads_them(self) -> None:
        configured = yaml.safe_load((ROOT / "dashboards/prometheus/prometheus.yml").read_text())
        jobs = {job["job_name"]: job for job in configured["scrape_configs"]}
        services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        for port in PORTS:
            assert port.setting in Settings.model_fields
            read = jobs[port.job]["dns_sd_configs"][0]["port"]
            if port.process in services:
                told = services[port.process]["environment"].get(f"EBBWATCH_{port.setting.upper()}")
                assert int(told or Settings.model_fields[port.setting].default) == read


class TestUse:
    def test_rules_and_pages_name_no_metric_that_is_not_there(self) -> None:
        rules = [*(ROOT / "dashboards" / "prometheus").rglob("*.yml")]
        for file in [*rules, *(ROOT / "docs").rglob("*.md")]:
            for name in re.findall(
                r"(?<![\w/{])ebbwatch_[a-z]+_[a-z_]*[a-z](?![\w/(|*])", file.read_text("utf-8")
            ):
                plain = re.sub("_(bucket|count|sum)$", "", name)
                assert name in METRICS or plain in METRICS, f"{file.name} names {name}"

    def test_promtool_finds_nothing_in_the_gauges_of_results(self) -> None:
        class Given(Collector):
            def collect(self):  # type: ignore[no-untyped-def]
                for job in FAMILIES:
                    yield from told(job, empty(job))

        registry = CollectorRegistry(auto_describe=False)
        registry.register(Given())
        require_clean_metrics(generate_latest(registry).decode())

    def test_bounds_hold_what_the_code_lists(self) -> None:
        assert LABELS["feature"][1] >= len(NAMES)
        assert LABELS["type"][1] < len(EVENT_TYPES), "types of Segment's messages are not those of events"
