"""What can be wrong with an archive."""


class ArchiveError(Exception):
    """The archive cannot be used as it is; the message says where, why, and what to do."""


class ArchiveAwayError(ArchiveError):
    """The disk or the object store did not do what it was asked for; it may later."""


class FencedError(ArchiveError):
    """Somebody else has written in between: what this process believed of the archive is out of date."""


class MissingArchiveError(ArchiveError):
    """There is none yet."""
