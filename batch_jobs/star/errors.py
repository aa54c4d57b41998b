"""What can be wrong with a star."""


class StarError(Exception):
    """The star cannot be made or read; the message says where, why and what to do. The last good one stays."""
