"""Every service of every profile: watched, bounded, without root, and without a secret in what others can read."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ebbwatch.batch import SCHEDULER
from ebbwatch.on_demand import Commands
from ebbwatch.settings import Settings
from tests.deployment.compose import COMPOSE, PROFILES, ROOT, Service, document, services

CORE = {
    "kafka", "redis", "rates", "worker", "trainer", "archiver", "notifier", "courier", "api", "batch", "exporter",
    "advisor", "console",
}  # fmt: skip
WATCHING = {"prometheus", "alertmanager", "grafana"}
WRITES_ITS_IMAGE = {"kafka"}
SECRET = re.compile(r"key|secret|password|token|smtp|hook", re.IGNORECASE)

EACH = pytest.mark.parametrize("profile", PROFILES)


def bytes_of(size: str) -> int:
    return int(size[:-1]) * {"m": 2**20, "g": 2**30}[size[-1]]


def ours(found: dict[str, Service]) -> dict[str, Service]:
    return {name: service for name, service in found.items() if service["image"] == "ebbwatch:local"}


def test_profiles_start_what_they_say() -> None:
    assert set(services("")) == CORE
    assert set(services("full")) == CORE | WATCHING
    assert set(services("demo")) == CORE | WATCHING | {"simulate"}


@EACH
def test_each_service_is_watched_and_bounded(profile: str) -> None:
    for name, service in services(profile).items():
        limits = service["deploy"]["resources"]["limits"]
        assert 0 < float(limits["cpus"]) <= 2, name
        # two trainings at a time, on files of 100,000 customers each
        most = 6 * 2**30 if name == "advisor" else 2**31
        assert 2**26 <= bytes_of(limits["memory"]) <= most, name
        assert 0 < limits["pids"] <= 1024, name
        assert service["logging"]["options"]["max-size"], f"{name}: its log fills the disk"
        if service["restart"] == "no":  # it ends by itself
            assert service["healthcheck"] == {"disable": True}, name
        else:
            check = service["healthcheck"]
            assert check["test"][0] in ("CMD", "CMD-SHELL"), name
            assert {"interval", "timeout", "retries"} <= set(check), name


@EACH
def test_each_service_can_do_nothing_but_its_work(profile: str) -> None:
    for name, service in services(profile).items():
        assert not re.match(r"(root|0)(:|$)", service["user"]), name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["read_only"] is (name not in WRITES_ITS_IMAGE), name
        assert not {"privileged", "network_mode", "pid", "cap_add", "devices"} & set(service), name
        assert not any("docker.sock" in str(volume) for volume in service.get("volumes", [])), name


@EACH
def test_each_image_is_of_one_version(profile: str) -> None:
    for name, service in services(profile).items():
        image = service["image"]
        assert image == "ebbwatch:local" or re.search(r":v?\d+\.\d+\.\d+(-\w+)?$", image), name


@EACH
def test_ports_are_published_on_the_loopback_address_only(profile: str) -> None:
    ports = [port for service in services(profile).values() for port in service.get("ports", [])]
    assert ports
    for port in ports:
        assert re.fullmatch(r"127\.0\.0\.1:\$\{EBBWATCH_[A-Z]+_PORT:-(\d+)\}:\1", port), port
    assert len(ports) == len(set(ports))


@EACH
def test_no_secret_stands_in_the_environment_in_a_command_or_in_an_address(profile: str) -> None:
    known = set(document()["secrets"])
    for name, service in services(profile).items():
        for variable, value in service.get("environment", {}).items():
            assert "@" not in value or name == "kafka", f"{name}: {variable} has a name or a password in it"
            if SECRET.search(variable):
                assert re.search(r"_FILE$", variable), f"{name}: {variable} is no file"
                assert value.startswith("/run/secrets/"), f"{name}: {variable}"
                assert value.removeprefix("/run/secrets/") in service["secrets"], f"{name}: {variable}"
        assert set(service.get("secrets", [])) <= known, name
        assert not any(re.search(r"pass|secret|token", str(word)) for word in service.get("command", []))
        assert not any("pass" in str(word) for word in service.get("healthcheck", {}).get("test", []))


def test_secrets_are_files_that_are_made_and_that_no_image_and_no_repository_takes(tmp_path: Path) -> None:
    made = tmp_path / "secrets"
    subprocess.run(
        ["make", "-s", "secrets", f"SECRETS={made}", f"PYTHON={sys.executable}"], cwd=ROOT, check=True
    )
    wanted = {Path(secret["file"].rpartition("}")[2]).name for secret in document()["secrets"].values()}
    assert {path.name for path in made.iterdir()} == wanted
    assert made.stat().st_mode & 0o077 == 0, "others of the machine may not enter"
    key = (made / "registry.key").read_text()
    assert len(key) >= 40
    subprocess.run(
        ["make", "-s", "secrets", f"SECRETS={made}", f"PYTHON={sys.executable}"], cwd=ROOT, check=True
    )
    assert (made / "registry.key").read_text() == key, "one that is there stays"
    assert "secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    assert "!secrets" not in ignored


@EACH
def test_our_processes_are_commands_with_settings_that_exist(profile: str) -> None:
    for name, service in ours(services(profile)).items():
        assert service["command"][0] in Commands(), name
        assert service["command"][0] == name
        assert service["user"] == "10001:10001"
        for variable in service["environment"]:
            if variable.startswith("EBBWATCH_"):
                setting = variable.removeprefix("EBBWATCH_").removesuffix("_FILE").lower()
                assert setting in Settings.model_fields, f"{name}: {variable}"
        for needed in ("api",) if name == "console" else ("kafka", "redis"):
            assert service["depends_on"][needed] == {"condition": "service_healthy"}, name


def test_health_is_asked_where_the_process_says_it() -> None:
    asked = {name: service["healthcheck"]["test"][-1] for name, service in ours(services("")).items()}
    ports = {
        "worker": "EBBWATCH_METRICS_PORT",
        "trainer": "EBBWATCH_TRAINER_METRICS_PORT",
        "archiver": "EBBWATCH_ARCHIVER_METRICS_PORT",
        "notifier": "EBBWATCH_NOTIFIER_METRICS_PORT",
        "courier": "EBBWATCH_COURIER_METRICS_PORT",
        "advisor": "EBBWATCH_ADVISOR_METRICS_PORT",
        "exporter": "EBBWATCH_EXPORTER_PORT",
    }
    for name, variable in ports.items():
        port = services("")[name]["environment"][variable]
        assert asked[name] == f"http://127.0.0.1:{port}/healthz"
    for name in ("api", "console"):
        assert asked[name] == f"http://127.0.0.1:{Settings.model_fields[f'{name}_port'].default}/healthz"
    assert asked["batch"] == SCHEDULER[-1]


def test_prometheus_reads_each_process_that_has_a_port() -> None:
    config: dict[str, Any] = yaml.safe_load((ROOT / "dashboards/prometheus/prometheus.yml").read_text())
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    for name, service in ours(services("full")).items():
        address = service["healthcheck"].get("test", [""])[-1]
        if "://" in address:
            (found,) = jobs[name]["dns_sd_configs"]
            assert found["names"] == [name]
            told = service["environment"].get("EBBWATCH_CONSOLE_METRICS_PORT")  # apart from its pages
            assert f":{found['port']}/" in address if told is None else found["port"] == int(told), name


def test_folders_that_are_mounted_are_there() -> None:
    for service in services("demo").values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (COMPOSE.parent / source).is_dir(), source
                assert volume.endswith(":ro"), source
            else:
                assert source in document()["volumes"], source
