"""The layouts that are known by name."""

from collections.abc import Callable
from typing import Final

from producers.replay.layout import Layout
from producers.replay.online_retail import OnlineRetail
from producers.replay.sparkify import Sparkify

LAYOUTS: Final[dict[str, Callable[[Callable[[object], int]], Layout]]] = {
    "online-retail": OnlineRetail,
    "sparkify": Sparkify,
}
"""Name to layout; each is made with the reader of times."""
