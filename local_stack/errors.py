"""What goes wrong when Kafka and Redis are looked for or started."""


class StackError(RuntimeError):
    """Kafka or Redis could not be found, started or stopped; the text says what to do."""
