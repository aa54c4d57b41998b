"""``ebbwatch``: one command line for the whole project."""

import sys

import typer
from redis.exceptions import RedisError

from ebbwatch.commands import clock, dlq, stack, users
from ebbwatch.commands.demo import demo
from ebbwatch.commands.rebuild import rebuild
from ebbwatch.commands.repartition import repartition
from ebbwatch.commands.replay import replay
from ebbwatch.commands.run import run, wait
from ebbwatch.commands.simulate import simulate
from ebbwatch.commands.verify import verify
from ebbwatch.commands.worker import worker
from ebbwatch.connection import NoStackError
from ebbwatch.deployment import NoGenerationError
from ebbwatch.refill import RefillError
from feature_store.position import RefusedError
from local_stack.errors import StackError
from producers.publish import PublishError
from producers.topics import TopicError
from stream_processors.log import LogError

_MENDABLE = (
    LogError,
    NoGenerationError,
    NoStackError,
    PublishError,
    RefillError,
    RefusedError,
    StackError,
    TopicError,
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Churn watched in real time. Each command has --help; settings are EBBWATCH_* in the environment.",
)
app.add_typer(stack.app, name="stack")
app.add_typer(users.app, name="users")
app.add_typer(dlq.app, name="dlq")
app.add_typer(clock.app, name="clock")
app.command()(replay)
app.command()(worker)
app.command()(run)
app.command()(wait)
app.command()(simulate)
app.command()(verify)
app.command()(demo)
app.command()(rebuild)
app.command()(repartition)


def main() -> None:
    """Run a command; a fault that people can mend is one line, not a traceback."""
    try:
        app()
    except (
        LogError,
        NoGenerationError,
        NoStackError,
        PublishError,
        RefillError,
        RefusedError,
        StackError,
        TopicError,
    ) as fault:
        sys.exit(f"ebbwatch: {fault}")
    except RedisError as fault:
        sys.exit(f"ebbwatch: Redis does not answer or refuses ({fault}): is the stack up?")
