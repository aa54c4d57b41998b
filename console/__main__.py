"""The console's process: ``python -m console``, started by the supervisor."""

import uvicorn

from console.application import create_app
from console.config import from_environment
from logs.beginning import begin


def main() -> None:
    """Serve until told to stop."""
    begin("console")
    config = from_environment()
    uvicorn.run(
        create_app(config),
        host=config.host,
        port=config.port,
        ws="websockets-sansio",
        ws_max_size=1_000_000,
        log_config=None,
        access_log=False,  # paths carry user ids
        server_header=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
