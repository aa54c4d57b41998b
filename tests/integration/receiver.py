"""A receiver of webhooks as customers write them, but bad: ``python -m tests.integration.receiver``.

It verifies with the published package, fails half of the time, and drops what it has had already by its id. What it
has had stands in a file, so that it may be killed.
"""

import argparse
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def handler(file: Path, secret: str, failing: float, random: Random) -> Handler:
    """Of requests.

    Args:
        file: one line for each delivery that was taken: id, a space, the body.
        failing: share of requests that fail: with a status, or without an answer, half of those after the delivery
            was taken.
    """
    had = {line.split(" ", 1)[0] for line in file.read_text().splitlines()} if file.exists() else set[str]()

    async def receive(request: web.Request) -> web.Response:
        body = await request.read()
        try:
            Webhook(secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            (file.parent / "unverified").touch()
            return web.Response(status=400)
        fate = random.random() / failing if failing else 1.0
        if fate < 0.5:
            return _failure(request, fate < 0.25)
        id_ = request.headers["webhook-id"]
        if id_ not in had:
            with file.open("ab") as output:
                output.write(id_.encode() + b" " + body + b"\n")
            had.add(id_)
        return _failure(request, fate < 0.75) if fate < 1 else web.Response(status=204)

    return receive


async def _gone(_: web.Request) -> web.Response:
    return web.Response(status=410)


def _failure(request: web.Request, silent: bool) -> web.Response:
    if silent and request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def main() -> None:
    """Receive until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--failing", type=float, default=0.5)
    parser.add_argument("--gone", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    app = web.Application()
    taking = handler(given.file, given.secret, given.failing, Random(given.seed))
    app.router.add_post("/hook", _gone if given.gone else taking)
    web.run_app(app, host="127.0.0.1", port=given.port, print=None)


if __name__ == "__main__":
    main()
