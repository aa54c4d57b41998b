"""What browsers may do with the console's pages: nothing but what these need."""

from collections.abc import Callable
from typing import Any, Final

from jinja2 import BaseLoader, Environment

_PLAIN_SCRIPT: Final = "<script"
_NONCED_SCRIPT: Final = '<script nonce="{{ request.state.nonce }}"'


def headers(nonce: str) -> dict[str, str]:
    """Of every answer.

    Args:
        nonce: that scripts within the page carry, new for each answer.
    """
    return {
        "Content-Security-Policy": content_security_policy(nonce),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        # `no-referrer` would take the origin from forms, by which foreign ones are told
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def content_security_policy(nonce: str) -> str:
    """The policy; docs/decisions/0032-what-the-console-may-do.md says why it is no stricter."""
    rules = {
        "default-src": "'none'",
        # Vue compiles templates of components in the browser
        "script-src": f"'self' 'nonce-{nonce}' 'unsafe-eval'",
        # Quasar, grid and charts set styles of single elements
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Nonced(BaseLoader):
    """Templates whose own scripts carry the nonce of their answer. What is put into them at run time does not."""

    def __init__(self, plain: BaseLoader) -> None:
        self._plain = plain

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """A template."""
        source, path, fresh = self._plain.get_source(environment, template)
        return source.replace(_PLAIN_SCRIPT, _NONCED_SCRIPT), path, fresh


def nonce_scripts(templates: Any) -> None:
    """Let the pages of the user interface library carry nonces.

    Args:
        templates: its `starlette.templating.Jinja2Templates`.
    """
    environment: Environment = templates.env
    if environment.loader is not None and not isinstance(environment.loader, Nonced):
        environment.loader = Nonced(environment.loader)
