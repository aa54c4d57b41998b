"""What can be wrong with results."""


class ResultsError(Exception):
    """Results cannot be read or written; the message says where, and what to do."""


class NoLongerThereError(ResultsError):
    """The run was removed meanwhile: newer ones have taken its place."""
