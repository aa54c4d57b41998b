"""Object stores behind fsspec's interface: S3 and what speaks it, Google Cloud Storage, Azure."""

import os
from datetime import timedelta
from typing import Any, Final

from obstore.exceptions import AlreadyExistsError
from obstore.fsspec import FsspecStore

SCHEMES: Final = ("s3", "s3a", "gs", "az", "abfs", "abfss")
"""Of addresses; credentials and endpoints come from the environment (``AWS_*``, ``GOOGLE_*``, ``AZURE_*``)."""
_TRIES: Final = 3
_PATIENCE: Final = timedelta(seconds=10)
"""Longer waits are the callers', who say in their health that they wait."""


class ObjectStore(FsspecStore):
    """Takes no file for another: `create` is left to the store, which refuses the second of two."""

    cachable = False

    def __init__(self, scheme: str) -> None:
        """One of `SCHEMES`."""
        super().__init__(  # type: ignore[call-overload]  # it has one overload a scheme
            scheme,
            client_options={"connect_timeout": "5s", "timeout": "30s", "allow_http": _plain()},
            retry_config={"max_retries": _TRIES, "retry_timeout": _PATIENCE},
        )

    async def _pipe_file(self, path: str, value: Any, mode: str = "overwrite", **_more: Any) -> None:
        bucket, name = self._split_path(path)
        try:
            await self._construct_store(bucket).put_async(
                name, value, mode="create" if mode == "create" else "overwrite"
            )
        except AlreadyExistsError as fault:
            raise FileExistsError(path) from fault


def opened(address: str) -> tuple[ObjectStore, str] | None:
    """The store of an address, and the path in it, ``bucket/path``; None for an address of another kind."""
    scheme, _, path = address.partition("://")
    return (ObjectStore(scheme), path) if path and scheme in SCHEMES else None


def _plain() -> bool:
    """As the archive's store reads it: options given here keep it from being looked up in the environment."""
    return os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true", "yes")
