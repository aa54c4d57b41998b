"""``ebbwatch``: one command line for the whole project."""

import sys
from typing import NoReturn

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from redis.exceptions import RedisError

from connections import refusals
from connections.errors import AccessError
from ebbwatch.faults import mendable
from ebbwatch.on_demand import OnDemand
from ebbwatch.settings import Settings
from stream_processors.config import EXIT_REFUSED

_PREFIX = Settings.model_config["env_prefix"]

app = typer.Typer(
    cls=OnDemand,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Churn watched in real time. Each command has --help; settings are EBBWATCH_* in the environment.",
)


@app.callback()
def _ebbwatch() -> None:
    pass  # makes a group of what has no command of its own: they are loaded on demand


def main() -> None:
    """Run a command; a fault that people can mend is one line, not a traceback."""
    try:
        app()
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
    except Exception as fault:
        if not mendable(fault):
            raise
        sys.exit(f"ebbwatch: {fault}")


def _refused(fault: AccessError) -> NoReturn:
    """A code of its own: whoever starts us need not try again."""
    print(f"ebbwatch: {fault}", file=sys.stderr)  # noqa: T201
    sys.exit(EXIT_REFUSED)
