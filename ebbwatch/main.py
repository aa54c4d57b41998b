"""``ebbwatch``: one command line for the whole project."""

import sys
from typing import NoReturn

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from redis.exceptions import RedisError

from archive.address import AddressError
from archive.errors import ArchiveError
from batch_jobs.results.errors import ResultsError
from batch_jobs.running.order import UnknownJobError
from batch_jobs.running.perform import AsOfError
from batch_jobs.running.source import SourceError
from connections import refusals
from connections.errors import AccessError
from control.log import LogError
from control.orders import OrderError
from control.writing import ControlAwayError
from domain.actions import ActionsError
from ebbwatch.commands import alerts, batch, clock, dlq, keys, model, stack, users
from ebbwatch.commands.api import api
from ebbwatch.commands.archiver import archiver
from ebbwatch.commands.courier import courier
from ebbwatch.commands.demo import demo
from ebbwatch.commands.erase import erase
from ebbwatch.commands.evaluate import evaluate
from ebbwatch.commands.exporter import exporter
from ebbwatch.commands.keys import NoKeyError
from ebbwatch.commands.notifier import notifier
from ebbwatch.commands.rebuild import rebuild
from ebbwatch.commands.repartition import repartition
from ebbwatch.commands.replay import replay
from ebbwatch.commands.run import run, wait
from ebbwatch.commands.simulate import simulate
from ebbwatch.commands.trainer import trainer
from ebbwatch.commands.verify import verify
from ebbwatch.commands.worker import worker
from ebbwatch.connection import NoStackError
from ebbwatch.dead_letters import LetterError
from ebbwatch.deployment import NoGenerationError
from ebbwatch.refill import RefillError
from ebbwatch.settings import Settings
from feature_store.position import RefusedError
from local_stack.errors import StackError
from online_model.ledger.ledger import LedgerError
from online_model.registry.errors import RegistryError
from producers.publish import PublishError
from producers.topics import TopicError
from profiles.explained import GoneError
from stream_processors.config import EXIT_REFUSED

_PREFIX = Settings.model_config["env_prefix"]
_MENDABLE = (
    ActionsError,
    AddressError,
    ArchiveError,
    AsOfError,
    ControlAwayError,
    GoneError,
    LedgerError,
    LetterError,
    LogError,
    NoGenerationError,
    NoKeyError,
    NoStackError,
    OrderError,
    PublishError,
    RefillError,
    RefusedError,
    RegistryError,
    ResultsError,
    SourceError,
    StackError,
    TopicError,
    UnknownJobError,
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Churn watched in real time. Each command has --help; settings are EBBWATCH_* in the environment.",
)
app.add_typer(stack.app, name="stack")
app.add_typer(users.app, name="users")
app.add_typer(model.app, name="model")
app.add_typer(dlq.app, name="dlq")
app.add_typer(clock.app, name="clock")
app.add_typer(alerts.app, name="alerts")
app.add_typer(keys.app, name="keys")
app.add_typer(batch.app, name="batch")
app.command()(replay)
app.command()(worker)
app.command()(trainer)
app.command()(archiver)
app.command()(api)
app.command()(notifier)
app.command()(courier)
app.command()(exporter)
app.command()(run)
app.command()(wait)
app.command()(simulate)
app.command()(verify)
app.command()(demo)
app.command()(evaluate)
app.command()(erase)
app.command()(rebuild)
app.command()(repartition)


def main() -> None:
    """Run a command; a fault that people can mend is one line, not a traceback."""
    try:
        app()
    except _MENDABLE as fault:
        sys.exit(f"ebbwatch: {fault}")
    except ValidationError as fault:  # of the settings: nothing else is validated so
        wrong = [f"{_PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in fault.errors()]
        sys.exit(f"ebbwatch: a setting cannot be used. {'; '.join(wrong)}")
    except SettingsError as fault:
        sys.exit(f'ebbwatch: a setting cannot be read: {fault}: lists are written as JSON, ["a", "b"]')
    except AccessError as fault:
        _refused(fault)
    except RedisError as fault:
        if refusal := refusals.of_redis(fault):
            _refused(refusal)
        sys.exit(f"ebbwatch: Redis does not answer or refuses ({fault}): is the stack up?")


def _refused(fault: AccessError) -> NoReturn:
    """A code of its own: whoever starts us need not try again."""
    print(f"ebbwatch: {fault}", file=sys.stderr)  # noqa: T201
    sys.exit(EXIT_REFUSED)
