"""Kafka or Redis is there, and does not let us in."""


class AccessError(RuntimeError):
    """A password, a certificate, a right or a setting of the connection is wrong; the text says what to do."""
