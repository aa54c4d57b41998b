"""A deployment of a test's own, driven as people drive it: through the command line."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import httpx
import msgspec
import psutil
from redis import Redis

from advisor.workspaces.config import COMMAND as ADVISOR
from api.access.secrets import make
from console.config import COMMAND as CONSOLE
from control.writing import ControlWriter
from domain.control import ApiKey, Scope
from feature_store.connect import connect
from feature_store.stream import Stream, load_or_begin
from local_stack.addresses import Addresses
from local_stack.ports import free_ports
from stream_processors.supervisor import API, ARCHIVER, COURIER, NOTIFIER, TRAINER, WORKER
from tests.processes import children_running

REPOSITORY: Final = Path(__file__).parents[2]
COMMAND_S: Final = 420.0
WAIT_S: Final = 400
"""For all to be processed; a command that waits for it says more than one that is ended."""
ANSWER_S: Final = 60.0
"""For one answer, also of a machine with much else to do; httpx gives up after five seconds."""
_LOOK_S: Final = 0.1


class Answer(subprocess.CompletedProcess[str]):
    """What a command said; in a failed assertion both outputs can be read."""

    @property
    def said(self) -> str:
        """Both outputs as one text, without line breaks."""
        return " ".join((self.stdout + self.stderr).split())

    def json(self) -> Any:
        """Standard output, which must be one JSON value."""
        return json.loads(self.stdout)


class Place:
    """A home folder, topics and a Redis database that nobody else uses, on a Kafka and Redis that run."""

    def __init__(self, home: Path, at: Addresses, name: str, **settings: object) -> None:
        """
        Args:
            at: `redis` names the database.
            settings: further ones by their names in `ebbwatch.settings`.
        """
        self.home = home
        self.at = at
        self.topic = f"events-{name}"
        self.dead_letter_topic = f"dead-{name}"
        self.settings: dict[str, object] = {
            "home": home,
            "topic": self.topic,
            "dead_letter_topic": self.dead_letter_topic,
            "control_topic": f"control-{name}",
            "snapshot_topic": f"snapshots-{name}",
            "outcome_topic": f"outcomes-{name}",
            "alert_topic": f"alerts-{name}",
            "group": f"group-{name}",
            "model_topic": f"models-{name}",
            "decision_topic": f"decisions-{name}",
            "command_topic": f"commands-{name}",
            "partitions": 4,
            "trainer": False,  # costs seconds to start; tests of the training have one
            "archiver": False,  # likewise
            "archive_batch_seconds": 0.3,
            "api": False,  # likewise
            "batch": False,  # likewise
            "advisor": False,  # likewise
            "console": False,  # likewise
            "api_patience": ANSWER_S / 2,  # what is written can be read when the answer comes
        } | settings

    def but(self, **settings: object) -> "Place":
        """The same deployment as somebody with other settings sees it."""
        other = Place(self.home, self.at, "")
        other.topic, other.dead_letter_topic = self.topic, self.dead_letter_topic
        other.settings = self.settings | settings
        return other

    @property
    def partitions(self) -> int:
        """Partitions of the topic as it was made."""
        return int(str(self.settings["partitions"]))

    @property
    def store(self) -> Redis:
        """A new connection to its Redis."""
        return connect(self.at.redis)

    def stream(self) -> Stream:
        """What is served."""
        with self.store as store:
            return load_or_begin(store, self.topic, self.partitions)

    def environ(self) -> dict[str, str]:
        """What its commands find in their environment."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EBBWATCH_")}
        given = {f"EBBWATCH_{name.upper()}": str(value) for name, value in self.settings.items()}
        where = {"KAFKA_BOOTSTRAP_SERVERS": self.at.kafka, "REDIS_URL": self.at.redis}
        return kept | given | where | {"COLUMNS": "200", "PYTHONPATH": str(REPOSITORY)}

    def call(self, *arguments: object) -> Answer:
        """Run a command to its end, whatever that is."""
        command = [sys.executable, "-m", "ebbwatch", *(str(a) for a in arguments)]
        done = subprocess.run(
            command, env=self.environ(), cwd=REPOSITORY, capture_output=True, text=True, check=False,
            timeout=COMMAND_S,
        )  # fmt: skip
        return Answer(done.args, done.returncode, done.stdout, done.stderr)

    def ebbwatch(self, *arguments: object) -> Answer:
        """Run a command that must succeed."""
        answer = self.call(*arguments)
        assert answer.returncode == 0, f"{answer.args} ended with {answer.returncode}: {answer.said}"
        return answer

    def report(self, *arguments: object) -> Any:
        """The JSON that a successful command reports."""
        return self.ebbwatch(*arguments, "--json").json()

    @contextmanager
    def worker(self, number: int = 0, **settings: object) -> Iterator["Supervised"]:
        """A supervised worker; ended by force if the test has left it running."""
        with self.but(**settings)._supervised("worker", WORKER[-1], f"{number}.log") as running:
            yield running

    @contextmanager
    def trainer(self, **settings: object) -> Iterator["Supervised"]:
        """The supervised trainer; likewise."""
        with self.but(**settings)._supervised("trainer", TRAINER[-1], "trainer.log") as running:
            yield running

    @contextmanager
    def advisor(self, **settings: object) -> Iterator["Supervised"]:
        """The supervised process that works on workspaces; likewise."""
        with self.but(**settings)._supervised("advisor", ADVISOR[-1], "advisor.log") as running:
            yield running

    @contextmanager
    def archiver(self, **settings: object) -> Iterator["Supervised"]:
        """The supervised archiver; likewise."""
        with self.but(**settings)._supervised("archiver", ARCHIVER[-1], "archiver.log") as running:
            yield running

    @contextmanager
    def answering_api(self, **settings: object) -> Iterator["Api"]:
        """A supervised API on a free port, with the notifier that projects what it decides; both answer."""
        (port,) = free_ports(1, Random())
        here = self.but(api_port=port, **settings)
        with (
            here._supervised("notifier", NOTIFIER[-1], "notifier.log") as notifier,
            here._supervised("api", API[-1], "api.log") as api,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_S) as client,
        ):
            found = Api(here, f"http://127.0.0.1:{port}", api, notifier, client)
            eventually("the API answers", found.answers)
            yield found

    @contextmanager
    def console(self, api: str, **settings: object) -> Iterator[str]:
        """The supervised console on a free port, which answers: its address.

        Args:
            api: address of the API that it calls.
        """
        (port,) = free_ports(1, Random())
        here = self.but(console_port=port, console_api=api, **settings)
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            try:
                return httpx.get(f"{url}/healthz").status_code == 200
            except httpx.HTTPError:
                return False

        with here._supervised("console", CONSOLE[-1], "console.log"):
            eventually("the console answers", answers)
            yield url

    @contextmanager
    def notifier(self, **settings: object) -> Iterator["Supervised"]:
        """The supervised notifier; likewise."""
        with self.but(**settings)._supervised("notifier", NOTIFIER[-1], "notifier.log") as running:
            yield running

    @contextmanager
    def courier(self, **settings: object) -> Iterator["Supervised"]:
        """The supervised courier; likewise."""
        with self.but(**settings)._supervised("courier", COURIER[-1], "courier.log") as running:
            yield running

    @contextmanager
    def api(self, **settings: object) -> Iterator["Supervised"]:
        """The supervised API; likewise. `settings` should name an `api_port` that is free."""
        with self.but(**settings)._supervised("api", API[-1], "api.log") as running:
            yield running

    @contextmanager
    def _supervised(self, command: str, module: str, log_name: str) -> Iterator["Supervised"]:
        logs = self.home / "worker-logs"
        logs.mkdir(parents=True, exist_ok=True)
        log = logs / log_name
        log.write_bytes(b"")
        running = Supervised(self, command, module, log)
        running.start()
        try:
            yield running
        finally:
            running.kill()


class Api(NamedTuple):
    """A running API."""

    place: Place
    url: str
    process: "Supervised"
    notifier: "Supervised"
    client: httpx.Client
    """Without a key; a client for each call would read the machine's certificates each time."""

    def answers(self) -> bool:
        """Whether it does."""
        try:
            return self.client.get("/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    def key(self, *scopes: Scope, **options: Any) -> str:
        """A new key that holds already; `options` are fields of `ApiKey`."""
        token = make()
        key = ApiKey(id=token.id, name=token.id, digest=token.digest, scopes=scopes, created=1)
        settings = self.place.settings
        ControlWriter(self.place.at.kafka, str(settings["control_topic"])).write(
            [msgspec.structs.replace(key, **options)]
        )
        self.await_key(token.text)
        return token.text

    def await_key(self, key: str, *, holds: bool = True) -> None:
        """Until the API knows it, or knows it no more."""
        eventually(
            f"the key holds: {holds}", lambda: (self.get("/v1/keys/self", key).status_code == 200) == holds
        )

    def caller(self, *scopes: Scope) -> httpx.Client:
        """Calls with a new key."""
        headers = {"Authorization": f"Bearer {self.key(*scopes, name='tests')}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=ANSWER_S)

    def kill_notifier(self) -> None:
        """-9; its supervisor starts it anew."""
        child = self.notifier.child()
        if child is not None:
            child.kill()

    def get(self, path: str, key: str = "", **options: Any) -> httpx.Response:
        """A call with a key."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return self.client.get(path, headers=headers | options.pop("headers", {}), **options)

    def post(self, path: str, key: str = "", **options: Any) -> httpx.Response:
        """A call with a key."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return self.client.post(path, headers=headers | options.pop("headers", {}), **options)


class Supervised:
    """An ``ebbwatch worker`` or ``ebbwatch trainer``, and the process that it supervises."""

    def __init__(self, place: Place, command: str, module: str, log: Path) -> None:
        """
        Args:
            command: of ebbwatch.
            module: of the process that it supervises.
        """
        self._place = place
        self._command = command
        self._module = module
        self.log = log
        self._supervisor: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it (anew)."""
        with self.log.open("ab") as output:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "ebbwatch", self._command],
                env=self._place.environ(), cwd=REPOSITORY, stdout=output, stderr=output,
            )  # fmt: skip

    @property
    def supervisor(self) -> subprocess.Popen[bytes]:
        """The supervising process."""
        assert self._supervisor is not None
        return self._supervisor

    def child(self) -> psutil.Process | None:
        """The process that does the work, None while there is none."""
        return next(iter(children_running(self._module, self.supervisor.pid)), None)

    def text(self) -> str:
        """Its log."""
        return self.log.read_text("utf-8", "replace")

    def kill(self) -> None:
        """It and all that it has started at once, as when the machine dies."""
        self.supervisor.send_signal(signal.SIGSTOP)  # so that it starts none between the look and its end
        try:
            started = psutil.Process(self.supervisor.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            started = []
        self.supervisor.kill()
        for process in started:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.supervisor.wait()

    def stop(self, seconds: float = 120.0) -> int:
        """SIGTERM; the exit code."""
        self.supervisor.terminate()
        return self.supervisor.wait(seconds)

    def ended(self, seconds: float = 120.0) -> int:
        """Wait for it to end by itself; the exit code."""
        return self.supervisor.wait(seconds)


def eventually(what: str, holds: Callable[[], Any], seconds: float = 240.0) -> Any:
    """Wait until `holds` gives something true, and return that."""
    give_up = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < give_up, f"after {seconds:.0f} s still not: {what}"
        time.sleep(_LOOK_S)
    return found
