"""Where Kafka and Redis are."""

import msgspec


class Addresses(msgspec.Struct, frozen=True):
    """How clients reach one Kafka and one Redis."""

    kafka: str
    """Bootstrap servers, ``host:port`` separated by commas."""
    redis: str
    """URL, ``redis://host:port/db``."""
    source: str
    """Which ones they are, for people: ``Kafka from the environment, Redis from local processes``."""
