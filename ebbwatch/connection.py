"""Where Kafka and Redis are: the environment, or the stack that `ebbwatch stack up` left running."""

from ebbwatch.settings import Settings
from local_stack import stack
from local_stack.addresses import Addresses


class NoStackError(RuntimeError):
    """Nothing to talk to."""


def addresses(settings: Settings, name: str = "default") -> Addresses:
    """Addresses of the running stack.

    Raises:
        NoStackError: neither the environment names one nor does one run under `settings.home`.
    """
    found = stack.find(settings.home, name)
    if found is None:
        raise NoStackError(
            f"no running Kafka and Redis under {settings.home.resolve()}: start them with `ebbwatch stack up`, "
            "or set KAFKA_BOOTSTRAP_SERVERS and REDIS_URL"
        )
    return found
