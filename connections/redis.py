"""Redis's address: one URL that says all, made of the variables of the environment."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from connections.errors import AccessError
from connections.secrets import readable, secret

VARIABLES: Final = {
    "REDIS_URL": "`redis://[user:password@]host:port/db`, with TLS `rediss://`; or its file, `REDIS_URL_FILE`",
    "REDIS_USERNAME": "ACL user, where the URL names none",
    "REDIS_PASSWORD": "the user's password, where the URL has none; or its file, `REDIS_PASSWORD_FILE`",
    "REDIS_SSL_CA_FILE": "PEM file of the authority that signed the server's certificate; else the system's",
    "REDIS_SSL_CERTIFICATE_FILE": "PEM file of our own certificate, where Redis wants one (mutual TLS)",
    "REDIS_SSL_KEY_FILE": "PEM file of its key",
    "REDIS_CLUSTER": "`true` where the URL names a node of a Redis Cluster",
}
"""Variables of the environment and what they mean, for people."""

_CLUSTER: Final = "cluster"
_FILES: Final = {
    "REDIS_SSL_CA_FILE": "ssl_ca_certs",
    "REDIS_SSL_CERTIFICATE_FILE": "ssl_certfile",
    "REDIS_SSL_KEY_FILE": "ssl_keyfile",
}
_YES: Final = ("1", "true", "yes")
_NO: Final = ("", "0", "false", "no")


def address(environ: Mapping[str, str]) -> str | None:
    """The URL with user, password, files of TLS and kind of server in it; None if ``REDIS_URL`` is not set.

    Files are redis-py's own parameters of a URL; ``cluster`` is ours (`apart`).

    Raises:
        AccessError: a variable cannot be used, or does not go with the others.
    """
    url = secret(environ, "REDIS_URL")
    if url is None:
        return None
    parts = urlsplit(url)
    files = {parameter: readable(environ, name) for name, parameter in _FILES.items()}
    if any(files.values()) and parts.scheme != "rediss":
        given = next(name for name, parameter in _FILES.items() if files[parameter])
        raise AccessError(f"{given} is set, but REDIS_URL does not begin with rediss://")
    query = dict(parse_qsl(parts.query))
    query |= {parameter: path for parameter, path in files.items() if path}
    if _says_yes(environ, "REDIS_CLUSTER"):
        query[_CLUSTER] = "true"
    user, password = environ.get("REDIS_USERNAME") or "", secret(environ, "REDIS_PASSWORD")
    if not any(files.values()) and _CLUSTER not in query and password is None:
        return url
    netloc = parts.netloc
    if parts.password is None and password is not None:
        name = quote(user, safe="") or parts.username or ""
        netloc = f"{name}:{quote(password, safe='')}@{netloc.rpartition('@')[2]}"
    return _joined(parts._replace(netloc=netloc, query=urlencode(query, safe="/")))


def apart(url: str) -> tuple[str, bool]:
    """The URL as redis-py takes it, and whether it names a node of a cluster."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query)
    rest = [(name, value) for name, value in query if name != _CLUSTER]
    if len(rest) == len(query):
        return url, False
    cluster = dict(query)[_CLUSTER].lower() in _YES
    return _joined(parts._replace(query=urlencode(rest, safe="/"))), cluster


def shown(url: str) -> str:
    """The URL without its password and without what it says of files, for messages and files of ours."""
    if "://" not in url:  # `host:port` of Kafka
        return url
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    named = user.partition(":")[0]
    return _joined(parts._replace(netloc=f"{named}{at}{host}" if named else host, query=""))


def _joined(parts: SplitResult) -> str:
    """As `urlunsplit`, which takes the two slashes from an address without a host."""
    return f"{parts.scheme}://{parts.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def _says_yes(environ: Mapping[str, str], name: str) -> bool:
    given = (environ.get(name) or "").lower()
    if given not in (*_YES, *_NO):
        raise AccessError(f"{name} is {given!r}; it must be true or false")
    return given in _YES
