"""Whether Kafka is there: its clients only say so when something is to be sent."""

import asyncio

_TIMEOUT_S = 3.0


async def kafka_listens(bootstrap: str) -> None:
    """Return if one of the brokers accepts a connection.

    Args:
        bootstrap: ``host:port``, several with commas.

    Raises:
        OSError: none does; TimeoutError is one, too.
    """
    faults: list[OSError] = []
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                _, writer = await asyncio.open_connection(host, int(port))
        except OSError as fault:
            faults.append(fault)
        else:
            writer.close()
            return
    raise faults[0]
