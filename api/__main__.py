"""An API process: ``python -m api``, started by the supervisor."""

import uvicorn

from api.config import from_environment
from api.exposition import shared
from api.protocol import LimitedProtocol
from logs.beginning import begin


def main() -> None:
    """Serve until told to stop."""
    begin("api")
    config = from_environment()
    with shared(config.processes):
        uvicorn.run(
            "api.app:from_supervisor",
            factory=True,
            host=config.host,
            port=config.port,
            workers=config.processes,
            loop="uvloop",
            http=LimitedProtocol,
            log_config=None,
            access_log=False,  # paths carry user ids
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=10,
        )


if __name__ == "__main__":
    main()
