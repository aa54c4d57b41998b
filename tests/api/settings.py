"""A configuration for tests of the app that connect to nothing."""

from typing import Any, Final

from api.config import ApiConfig
from domain.settings import FactSettings

NOWHERE: Final = "127.0.0.1:9"


def config(**changes: Any) -> ApiConfig:
    """With changes by name."""
    given: dict[str, Any] = {
        "host": "127.0.0.1", "port": 8000, "processes": 1, "kafka": NOWHERE, "redis": f"redis://{NOWHERE}/0",
        "limits_redis": f"redis://{NOWHERE}/1", "topic": "session-events", "dead_letter_topic": "dead-letters",
        "control_topic": "control", "alert_topic": "risk-alerts", "model_topic": "models",
        "decision_topic": "model-decisions", "command_topic": "model-commands", "topic_id": "t", "lineage": "0" * 16,
        "partitions": 12, "registry": "registry", "registry_key": "secret", "facts": FactSettings(),
        "tier_medium": 0.4, "tier_high": 0.7, "contact_cost": 50.0, "customer_value": 200.0, "saving_chance": 0.35,
        "per_second": 1000, "archive": "archive", "results": "results", "batch": "batch",
        "workspaces": "workspaces", "workspace_days": 30,
    }  # fmt: skip
    return ApiConfig(**(given | changes))
