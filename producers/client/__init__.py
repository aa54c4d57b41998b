"""The client for product apps: `EbbwatchClient` tells of what users do without holding up the app."""

from producers.client.client import ClientClosedError, EbbwatchClient
from producers.client.delivery import Stats
from producers.validate import InvalidEventError

__all__ = ["ClientClosedError", "EbbwatchClient", "InvalidEventError", "Stats"]
