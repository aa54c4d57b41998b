"""Every route has a rule: open, or a scope."""

import pytest
from fastapi.routing import APIRoute

from api.app import ROUTERS, create_app, is_guarded
from tests.api.settings import config

OPEN = {"/healthz", "/readyz", "/metrics", "/v1/openapi.json", "/runbooks", "/runbooks/{page}"}


def each_route() -> list[APIRoute]:
    routes = [route for router in ROUTERS for route in router.routes]
    assert all(isinstance(route, APIRoute) for route in routes), "a router's router would escape this test"
    return [route for route in routes if isinstance(route, APIRoute)]


def test_there_are_routes() -> None:
    assert {route.path for route in each_route()} >= {"/healthz", "/v1/keys/self"}


@pytest.mark.parametrize("route", each_route(), ids=lambda route: f"{sorted(route.methods)} {route.path}")
def test_a_route_is_open_by_name_or_guarded(route: APIRoute) -> None:
    if route.path in OPEN:
        assert not is_guarded(route), "an open route asks for a key"
    else:
        assert is_guarded(route), (
            "a new route needs `Security(guard, scopes=[...])`, or a place among the open ones"
        )


def test_routes_that_change_something_ask_for_a_scope() -> None:
    for route in each_route():
        scopes = [scope for d in route.dependant.dependencies for scope in (d.own_oauth_scopes or [])]
        if route.path not in OPEN and route.path != "/v1/keys/self":
            assert scopes, f"{route.path} is open to every key"


def test_every_call_of_the_document_has_words_and_errors_are_problems() -> None:
    document = create_app(config()).openapi()
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            assert call.get("description"), f"{method} {path} says nothing"
            assert (path in OPEN) != ("security" in call), f"{method} {path}: does it want a key?"
            for status, answer in call["responses"].items():
                if int(status) >= 400 and path not in OPEN:
                    assert list(answer["content"]) == ["application/problem+json"], (
                        f"{method} {path} {status}"
                    )
