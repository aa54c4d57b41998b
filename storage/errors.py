"""What can be wrong with an address and the files under it."""


class StorageError(Exception):
    """The place is not there, is full, or may not be read or written; the message says what to do."""
