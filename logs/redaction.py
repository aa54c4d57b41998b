"""Secrets out of what is logged: they come in with addresses, headers and errors of libraries."""

import re
from typing import Final

_SECRETS: Final = (
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), r"\1***@"),  # the password of an address
    (re.compile(r"\b(ebb_[0-9a-f]{12}_)[0-9a-f]{16,}"), r"\1***"),  # a key of the API
    (re.compile(r"\b(whsec_)[\w+/=-]{8,}"), r"\1***"),  # of a webhook
    (re.compile(r"\b((?:Bearer|Basic) )[\w.~+/=-]{8,}", re.IGNORECASE), r"\1***"),
)


def redacted(text: str) -> str:
    """The same without passwords, keys and tokens."""
    for secret, instead in _SECRETS:
        text = secret.sub(instead, text)
    return text
