"""What is said when Grafana does not do what is asked; answers are those that the manual of its HTTP API names."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from dashboards.grafana_server import Grafana, GrafanaError

Answers = dict[tuple[str, str], tuple[int, Any]]
HEALTH = ("GET", "/api/health")
WELL = (200, {"version": "11.6.2", "database": "ok"})


@contextmanager
def answering(answers: Answers) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = answers.get((self.command, self.path), (404, {"message": "not found"}))
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class TestVersion:
    def test_of_a_grafana_that_is_new_enough(self) -> None:
        with answering({HEALTH: WELL}) as url:
            assert Grafana(url, "token").version() == "11.6.2"

    def test_an_old_one_is_refused(self) -> None:
        with (
            answering({HEALTH: (200, {"version": "8.5.0"})}) as url,
            pytest.raises(GrafanaError, match=r"8\.5\.0.*too old"),
        ):
            Grafana(url, "token").version()

    @pytest.mark.parametrize("body", [b"<html>hello</html>", {"status": "ok"}, []])
    def test_something_else_is_no_grafana(self, body: Any) -> None:
        with answering({HEALTH: (200, body)}) as url, pytest.raises(GrafanaError, match="no Grafana"):
            Grafana(url, "token").version()

    def test_nobody_answers(self) -> None:
        with answering({}) as url:
            pass
        with pytest.raises(GrafanaError, match=r"no Grafana answers at .* GRAFANA_URL"):
            Grafana(url, "token").version()


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "body", "said"),
        [
            (401, {"message": "Invalid API key"}, "GRAFANA_TOKEN"),
            (403, {"message": "Permissions needed"}, "role Editor"),
            (400, {"message": "Cannot save provisioned dashboard"}, "provisioned from files"),
            (412, {"message": "version mismatch"}, "version mismatch"),
            (500, {"message": "database is locked"}, "database is locked"),
        ],
    )
    def test_each_says_what_to_do(self, status: int, body: Any, said: str) -> None:
        with (
            answering({("POST", "/api/dashboards/db"): (status, body)}) as url,
            pytest.raises(GrafanaError, match=said) as raised,
        ):
            Grafana(url, "secret-token").push({"uid": "ebbwatch-risk"}, "why")
        assert "secret-token" not in str(raised.value)

    def test_an_address_without_its_kind(self) -> None:
        with pytest.raises(GrafanaError, match="should look like"):
            Grafana("127.0.0.1:3000", "token")

    def test_a_password_in_the_address(self) -> None:
        with pytest.raises(GrafanaError, match="GRAFANA_PASSWORD") as raised:
            Grafana("http://admin:hunter2@127.0.0.1:3000", "token")
        assert "hunter2" not in str(raised.value)


def test_a_board_that_is_not_there_is_none() -> None:
    with answering({HEALTH: WELL}) as url:
        assert Grafana(url, "token").board("ebbwatch-risk") is None
