"""Features are read from the API's own document."""

from console.shown.asking import asked, fields, first_features, known_features

DOCUMENT = {
    "paths": {
        "/v1/predict": {
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Asked"}}}
                }
            }
        }
    },
    "components": {
        "schemas": {
            "Features": {
                "properties": {
                    "sessions_7d": {
                        "anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}],
                        "description": "sessions in the last 7 days (sessions, 7 d): opened",
                    },
                    "plan": {
                        "anyOf": [{"type": "string"}, {"type": "null"}],
                        "description": "plan (code, latest): x",
                    },
                    "bare": {"type": "number"},
                }
            },
            "Asked": {"examples": [{"features": {"plan": "pro"}}]},
        }
    },
}


def test_fields() -> None:
    made = fields(DOCUMENT)
    assert list(made) == ["sessions_7d", "plan", "bare"]
    assert made["sessions_7d"][1:] == ("sessions in the last 7 days (sessions, 7 d)", False, 0, None)
    assert made["plan"].words
    assert made["bare"].label == "bare"
    assert first_features(DOCUMENT) == {"plan": "pro"}


def test_what_is_left_empty_is_not_sent() -> None:
    assert asked({"a": 0, "b": None, "c": "", "d": "x"}) == {"features": {"a": 0, "d": "x"}}


def test_a_customers_values() -> None:
    given = [{"name": "a", "value": 1}, {"name": "b", "value": 2}]
    assert known_features(given, ["b", "c"]) == {"b": 2, "c": None}
