"""Where an archive is: a folder, or an address of an object store."""

import re
from pathlib import Path
from typing import Final, NamedTuple

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]+)://(.+)", re.IGNORECASE)
_STORES: Final = ("s3", "s3a", "gs", "az", "abfs", "abfss")
_PATIENCE: Final = {"max_retries": "3", "retry_timeout": "10s", "connect_timeout": "5s"}
"""Longer waits are the archiver's, which says in its health that it waits."""
# a commit is a file that must not be there yet: the store itself has to refuse a second one
_S3: Final = _PATIENCE | {"conditional_put": "etag"}


class AddressError(ValueError):
    """No address of an archive."""


class Address(NamedTuple):
    """One table's place. Credentials and endpoints of object stores come from the environment (``AWS_*``)."""

    url: str
    """Absolute folder, or URL of an object store; no slash at its end."""
    options: dict[str, str]
    """What the store is told beside what the environment says."""

    @property
    def folder(self) -> Path | None:
        """The folder on this machine, None in an object store."""
        return None if _SCHEME.fullmatch(self.url) else Path(self.url)


def address_of(text: str | Path) -> Address:
    """The address that a setting names.

    Raises:
        AddressError: it names nothing that can be written to.
    """
    found = _SCHEME.fullmatch(str(text))
    if found is None:
        if not str(text).strip():
            raise AddressError("the address of the archive is empty: name a folder or s3://bucket/path")
        return Address(str(Path(text).expanduser().absolute()), {})
    scheme, rest = found[1].lower(), found[2].rstrip("/")
    if scheme == "file":
        return Address(str(Path(rest).absolute()), {})
    if scheme not in _STORES:
        raise AddressError(
            f"{text}: no archive can be kept at {scheme}://; use a folder or one of {', '.join(_STORES)}"
        )
    return Address(f"{scheme}://{rest}", dict(_S3 if scheme in ("s3", "s3a") else _PATIENCE))
