"""Files that can be read, and that nothing can be learned from."""


class UnusableError(ValueError):
    """The message says why, and what to do."""


class TooShortError(UnusableError):
    """The file spans too little time."""


class NothingLearnedError(UnusableError):
    """No outcome of the second half of the time span is known, or no contestant has learned enough."""
