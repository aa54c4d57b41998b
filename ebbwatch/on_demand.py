"""Commands that are loaded when they are called: all of them take seconds, one a fraction of that."""

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

_COMMANDS: Final = {
    "replay": "replay",
    "worker": "worker",
    "trainer": "trainer",
    "archiver": "archiver",
    "api": "api",
    "notifier": "notifier",
    "courier": "courier",
    "exporter": "exporter",
    "advisor": "advisor",
    "console": "console",
    "run": "run",
    "wait": "run",
    "simulate": "simulate",
    "verify": "verify",
    "demo": "demo",
    "profile": "profile",
    "train": "train",
    "evaluate": "evaluate",
    "erase": "erase",
    "rebuild": "rebuild",
    "repartition": "repartition",
}
"""Module of `ebbwatch.commands` by command: the module has a function of the command's name."""
_GROUPS: Final = ("stack", "users", "model", "dlq", "clock", "alerts", "keys", "batch", "dashboards")
"""Modules of `ebbwatch.commands` that have commands of their own: the module has an `app`."""


class Commands(MutableMapping[str, Any]):
    """Commands by name, in the order of the help; each is loaded when it is first asked for."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _load(name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        raise TypeError("a command cannot be taken away")

    def __iter__(self) -> Iterator[str]:
        yield from (*_COMMANDS, *_GROUPS)

    def __len__(self) -> int:
        return len(_COMMANDS) + len(_GROUPS)


class OnDemand(TyperGroup):
    """A group of commands that are loaded on demand."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = Commands()


def _load(name: str) -> Any:
    """As Typer's own command.

    Raises:
        KeyError: there is none of this name.
    """
    if name in _GROUPS:
        group = get_group(import_module(f"ebbwatch.commands.{name}").app)
        group.name = name
        return group
    module = import_module(f"ebbwatch.commands.{_COMMANDS[name]}")
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(getattr(module, name))
    return get_command(alone)
