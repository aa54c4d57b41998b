"""Errors of the app."""

from api.app import ROUTERS
from api.problems import methods_of


def test_all_methods_of_a_path_are_named_though_several_routes_have_it() -> None:
    assert methods_of(ROUTERS, "/v1/webhooks") == ["GET", "POST"]
    assert methods_of(ROUTERS, "/v1/webhooks/wh_1") == ["DELETE", "GET", "PATCH"]
    assert methods_of(ROUTERS, "/v1/users/risk") == ["POST"]
    assert methods_of(ROUTERS, "/nowhere") == []
