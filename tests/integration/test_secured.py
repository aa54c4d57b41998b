"""Everything over TLS: Kafka with users (SASL_SSL), Redis with users who have least rights; and who is not let in."""

import datetime as dt
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
import msgspec
import pytest

from api.access.secrets import make
from api.config import ENVIRONMENT as API_CARRIER
from archive.address import address_of
from archive.log import open_log
from connections.errors import AccessError
from connections.kafka import kafka_python
from control.writing import ControlWriter
from domain.control import ApiKey
from ebbwatch import processes
from ebbwatch.deployment import AWAY, Deployment, open_deployment
from ebbwatch.main import main
from ebbwatch.settings import Settings
from feature_store import lookup
from local_stack.addresses import Addresses
from local_stack.certificates import make as make_certificates
from local_stack.errors import StackError
from local_stack.ports import free_ports
from local_stack.secured import SecuredStack
from producers.client import EbbwatchClient
from stream_processors import supervisor as supervising
from stream_processors.archiver_config import ENVIRONMENT as ARCHIVER_CARRIER
from stream_processors.config import ENVIRONMENT as CARRIER
from stream_processors.config import EXIT_REFUSED
from stream_processors.courier_config import ENVIRONMENT as COURIER_CARRIER
from stream_processors.notifier_config import ENVIRONMENT as NOTIFIER_CARRIER
from stream_processors.supervisor import Supervisor
from tests.integration.feed import publish, some_days
from tests.integration.place import Place, eventually

PROCESSES: Final = {
    "worker": (supervising.WORKER, CARRIER),
    "trainer": (supervising.TRAINER, CARRIER),
    "archiver": (supervising.ARCHIVER, ARCHIVER_CARRIER),
    "notifier": (supervising.NOTIFIER, NOTIFIER_CARRIER),
    "courier": (supervising.COURIER, COURIER_CARRIER),
    "api": (supervising.API, API_CARRIER),
}

DATABASES: Final = count()


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredStack]:
    """Kafka and Redis behind TLS, for all tests of the module."""
    folder = tmp_path_factory.mktemp("secured")
    own = SecuredStack(folder, Random(), lambda _: None, dt.datetime.now(dt.UTC))
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
def place(
    secured: SecuredStack, unique: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Place:
    """A deployment on it, and this process's environment as its operator has it."""
    (port,) = free_ports(1, Random())
    environ = secured.environ(database=next(DATABASES))  # the store's keys are the same in each
    at = Addresses(environ["KAFKA_BOOTSTRAP_SERVERS"], environ["REDIS_URL"], "tests")
    made = Place(tmp_path / "place", at, unique("t")[-28:], api_port=port, partitions=2)
    for name, value in (made.environ() | environ).items():
        monkeypatch.setenv(name, value)
    return made


@contextmanager
def acting_as(secured: SecuredStack, user: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What follows happens as a user of Redis."""
    with monkeypatch.context() as own:
        for name, value in secured.environ(user).items():
            if name != "REDIS_URL":  # the database stays
                own.setenv(name, value)
        yield


def test_the_whole_way(place: Place, secured: SecuredStack, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = publish(place, some_days(seed=3, users=50, events=2000))
    logs = {name: place.home / f"{name}.log" for name in PROCESSES}
    place.home.mkdir(parents=True, exist_ok=True)
    running: dict[str, tuple[Supervisor, threading.Thread]] = {}
    try:
        for name, (command, carrier) in PROCESSES.items():
            with acting_as(secured, name, monkeypatch):  # its configuration, its user
                config = _config(name, open_deployment(Settings()))
                given = partial(_same, config)
                made = Supervisor(given, logs[name], AWAY, command, name, carrier)
            thread = threading.Thread(target=made.run)
            running[name] = (made, thread)
            thread.start()
        eventually("all is applied", lambda: _applied(place) == sent)
        _a_client_of_an_app_sends(place)
        eventually("the app's event is applied", lambda: _applied(place) == sent + 1)
        eventually("the archiver has all", lambda: _archived(place) == sent + 1)
        _the_api_reads_what_stands(place)
        eventually("the trainer is at work", (place.home / "training").exists)
        for name, (made, thread) in running.items():
            assert (made.restarts, thread.is_alive()) == (0, True), f"{name}: {logs[name].read_text()}"
    finally:
        for made, _ in running.values():
            made.stop()
        for _, thread in running.values():
            thread.join()
    with acting_as(secured, "reader", monkeypatch):
        answer = _said(place, "verify", "--json")
    assert b'"identical":true' in answer.replace(" ", "").encode(), answer
    secrets = set(secured.passwords.values())
    for log in logs.values():
        assert not [secret for secret in secrets if secret in log.read_text()]


WRONG: Final = {
    "another password of Kafka": ({"KAFKA_SASL_PASSWORD": "x", "KAFKA_SASL_PASSWORD_FILE": ""}, "SASL_PASSWORD"),
    "another mechanism": ({"KAFKA_SASL_MECHANISM": "PLAIN"}, "KAFKA_SASL_MECHANISM"),
    "another authority for Kafka": ({"KAFKA_SSL_CA_FILE": "other"}, "KAFKA_SSL_CA_FILE"),
    "another password of Redis": ({"REDIS_PASSWORD": "x", "REDIS_PASSWORD_FILE": ""}, "REDIS_PASSWORD"),
    "another authority for Redis": ({"REDIS_SSL_CA_FILE": "other"}, "REDIS_SSL_CA_FILE"),
    "no TLS to Kafka's port": ({"KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"}, "set SASL_SSL"),
    "both ways": ({"REDIS_PASSWORD": "x"}, "keep one of them"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_who_is_not_let_in_is_told_what_to_do(
    wrong: str,
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    changed, named = WRONG[wrong]
    other = make_certificates(tmp_path / "others", dt.datetime.now(dt.UTC)).ca
    for name, value in changed.items():
        monkeypatch.setenv(name, value.replace("other", str(other)))
    monkeypatch.setattr(sys, "argv", ["ebbwatch", "worker"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == EXIT_REFUSED
    assert named in said
    assert len(said.splitlines()) == 1, "one line, and no traceback"


def test_a_right_that_is_missing_ends_the_process_and_its_supervisor(
    place: Place, secured: SecuredStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    publish(place, some_days(seed=4, users=5, events=50))
    here = open_deployment(Settings())
    config = processes.worker_config(here, "reader-0", 0)
    config = msgspec.structs.replace(
        config, redis=secured.redis.url_of("reader", _database(place))
    )  # it may not write
    log = tmp_path / "worker.log"
    made = Supervisor(partial(_same, config), log)
    assert made.run() == EXIT_REFUSED
    assert made.restarts == 0
    said = log.read_text()
    assert "the Redis user lacks a right" in said
    assert "Traceback" not in said
    with acting_as(secured, "trainer", monkeypatch), pytest.raises(AccessError, match="lacks a right"):
        open_deployment(Settings(topic=f"{place.topic}-other"), generation=7)


def _database(place: Place) -> int:
    return int(place.at.redis.rpartition("/")[2])


def _same(config: msgspec.Struct, restarts: int) -> msgspec.Struct:
    return msgspec.structs.replace(config, restarts=restarts)


def _config(name: str, here: Deployment) -> msgspec.Struct:
    match name:
        case "worker":
            return processes.worker_config(here, "worker-0", 0)
        case "trainer":
            return processes.trainer_config(here, 0)
        case "archiver":
            return processes.archiver_config(here, 0)
        case "notifier":
            return processes.notifier_config(here, 0)
        case "courier":
            return processes.courier_config(here, 0)
        case _:
            return processes.api_config(here, 0)


def _applied(place: Place) -> int:
    here = open_deployment(Settings())
    with here.store as store:
        return sum(position.offset for position in lookup.positions(store, here.stream).values())


def _archived(place: Place) -> int:
    here = open_deployment(Settings())
    folder = Path(processes.archived_log(here.settings, here.stream.topic))
    if not any((folder / "_delta_log").glob("*.json")):  # the folder comes a moment before the table
        return 0
    opened = open_log(address_of(str(folder)), here.topic_id)
    return sum(opened.position(partition) or 0 for partition in range(here.stream.partitions))


def _a_client_of_an_app_sends(place: Place) -> None:
    assert kafka_python(place.at.kafka)["security_protocol"] == "SASL_SSL"
    with EbbwatchClient(place.at.kafka, place.topic) as client:
        client.track("user-1", "page_view", time=1_709_300_000_000)
        assert client.flush(60), client.stats()  # its end waits for a few seconds only
    assert client.stats().failed == 0


def _the_api_reads_what_stands(place: Place) -> None:
    token = make()
    key = ApiKey(id=token.id, name="tests", digest=token.digest, scopes=("read", "alerts"), created=1)
    ControlWriter(place.at.kafka, str(place.settings["control_topic"])).write([key])
    url = f"http://127.0.0.1:{place.settings['api_port']}"
    headers = {"Authorization": f"Bearer {token.text}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60.0) as http:

        def listed() -> Any:
            try:
                answer = http.get("/v1/users", params={"limit": 1000})
            except httpx.TransportError:
                return None
            return answer.json()["items"] if answer.status_code == 200 else None

        rows = eventually("the API lists who is at risk", listed)
        note = http.post(f"/v1/users/{rows[0]['user']}/notes", json={"text": "called"})
        assert note.is_success, note.text
    here = open_deployment(Settings())
    with here.store as store:
        ranked = {user for p in range(2) for user in store.zrange(here.stream.keys(p).ranking, 0, -1)}
    assert {row["user"].encode() for row in rows} == ranked


def _said(place: Place, *arguments: str) -> str:
    """What a command says that must succeed, in the environment as it is now."""
    done = subprocess.run(
        [sys.executable, "-m", "ebbwatch", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
