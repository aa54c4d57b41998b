"""The users of Redis with least rights: `users.acl`, and the file that Redis loads, with hashes of passwords."""

import hashlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

NOBODY = "user default off resetpass resetkeys resetchannels -@all"
"""Who does not say who it is may do nothing."""


def rights() -> dict[str, str]:
    """User to its rules."""
    lines = resources.files(__package__).joinpath("users.acl").read_text("utf-8").splitlines()
    named = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return {name: rules for name, _, rules in named}


def acl(passwords: Mapping[str, str]) -> str:
    """Redis's ACL file: a line for each user who has a password; `default` is off.

    Raises:
        KeyError: one of them is not in `users.acl`.
    """
    known = rights()
    lines = [
        f"user {name} on #{hashlib.sha256(password.encode()).hexdigest()} {known[name]}"
        for name, password in passwords.items()
    ]
    return "\n".join([NOBODY, *lines]) + "\n"


def main(
    folder: Annotated[Path, typer.Argument(help="Has a file for each user, named by it, with the password.")],
) -> None:
    """Print the ACL file of Redis for the users whose passwords lie in FOLDER."""
    found = {name: folder / name for name in rights()}
    passwords = {name: p.read_text("utf-8").strip() for name, p in found.items() if p.is_file()}
    if not passwords:
        raise typer.BadParameter(f"{folder} has no file named by one of {', '.join(found)}")
    typer.echo(acl(passwords), nl=False)


if __name__ == "__main__":
    typer.run(main)
