"""A real Kafka and a real Redis for every test that wants them, and no silent skips where it counts."""

import os
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
from hypothesis import settings

from local_stack import docker, ports
from local_stack import stack as stacks
from local_stack.addresses import Addresses
from local_stack.errors import StackError
from local_stack.finding import KAFKA_VARIABLE, REDIS_VARIABLE, wanted_origin
from local_stack.kafka.settings import broker_settings
from local_stack.kafka.software import pinned_version
from local_stack.local import LocalStack
from local_stack.ports import free_ports
from local_stack.readiness import await_ready

REDIS_IMAGE = "redis:7.2.11-alpine"
MAY_SKIP_IN_CI = ("docker", "grafana", "real_data")
ONLY_BY_NAME = "mlflow"

# processes that test at the same time: a port that one of them is about to listen at, or to come back to, stays free
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    ports._RANGE = ports._RANGE[int(worker.removeprefix("gw")) % 4 :: 4]

# the same examples at every run of CI, so that a change is judged by what it changes; people's runs look further
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """Kafka and Redis, shared by the whole run: use topics, groups and key prefixes of your own (`unique`).

    From the environment, else in containers, else local processes in a temporary folder.
    """
    home = tmp_path_factory.mktemp("stack")
    given = any(os.environ.get(name) for name in (KAFKA_VARIABLE, REDIS_VARIABLE))
    if not given and wanted_origin(os.environ) in ("auto", "docker") and docker.engine_answers(os.environ):
        with ExitStack() as started:
            yield _in_containers(started)
        return
    try:
        addresses = stacks.up(home, name="tests", progress=lambda _: None)
    except StackError as error:
        pytest.skip(f"no Kafka and Redis for tests: {error}")
    yield addresses
    stacks.down(home, "tests", wipe=True)


@pytest.fixture
def breakable_stack(tmp_path: Path) -> Iterator[LocalStack]:
    """Kafka and Redis for one test alone, to be killed, frozen and started again part by part."""
    own = LocalStack(tmp_path / "breakable", Random(), lambda _: None)
    try:
        for part in own.parts.values():
            part.start()
        yield own
    except StackError as error:
        if own.kafka.record.ports:
            raise
        pytest.skip(f"no Kafka and Redis for tests: {error}")
    finally:
        for part in own.parts.values():
            part.kill()


@pytest.fixture
def breakable_redis(tmp_path: Path) -> Iterator[LocalStack]:
    """Likewise a Redis alone, which is there in no time; Kafka is not started."""
    own = LocalStack(tmp_path / "breakable", Random(), lambda _: None)
    try:
        own.redis.start()
        yield own
    except StackError as error:
        pytest.skip(f"no Redis for tests: {error}")
    finally:
        own.redis.kill()


@pytest.fixture
def unique(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Names that no other test and no other run uses, for topics, groups and keys."""
    return lambda word: (
        f"{word}-{request.node.name[:40].replace('[', '-').replace(']', '')}-{uuid.uuid4().hex[:8]}"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever lies in `integration/` needs services, so that none is run as a unit test by mistake.

    Tests with MLflow, which has an environment of its own, run only where ``-m`` names them: there they may not skip.
    """
    for item in items:
        if Path(__file__).parent / "integration" in item.path.parents:
            item.add_marker(pytest.mark.integration)
    if ONLY_BY_NAME not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker(ONLY_BY_NAME)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one, unless it needs what CI may lack."""
    report = yield
    allowed = any(item.get_closest_marker(name) for name in MAY_SKIP_IN_CI) or hasattr(report, "wasxfail")
    if report.skipped and _in_ci() and not allowed:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be left out: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """In CI a module that skips itself while it is collected fails the run."""
    report = yield
    if report.skipped and _in_ci():
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be left out: {report.longrepr}"
    return report


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def _in_containers(started: ExitStack) -> Addresses:
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - slow, and needed only here

    host_port, redis_port = free_ports(2, Random())
    settings = broker_settings((9092, 9093), Path("/var/lib/kafka/data")) | {
        "listeners": "BROKER://:9092,CONTROLLER://localhost:9093",
        "advertised.listeners": f"BROKER://127.0.0.1:{host_port}",  # must be known before it starts
    }
    environ = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in settings.items()}
    kafka = DockerContainer(f"apache/kafka:{pinned_version()}", env=environ).with_bind_ports(9092, host_port)
    redis = DockerContainer(REDIS_IMAGE, command="redis-server --appendonly yes --appendfsync always")
    started.enter_context(kafka)
    started.enter_context(redis.with_bind_ports(6379, redis_port))
    addresses = Addresses(f"127.0.0.1:{host_port}", f"redis://127.0.0.1:{redis_port}/0", "containers")
    await_ready(addresses, seconds=60.0)
    return addresses
