"""Features as requests give them: a model with a field for each feature of the catalogue."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, create_model

from domain.catalogue import CATALOGUE, CODED, Feature
from online_model.explain.labels import LABELS

_NAME: Final = Annotated[str, Field(min_length=1, max_length=256)]


def _field(feature: Feature) -> tuple[Any, Any]:
    text = f"{LABELS[feature.name]} ({feature.unit}, {feature.window}): {feature.description}"
    kind: Any
    if feature.name in CODED:
        kind = _NAME
    elif "_trend_" in feature.name:
        kind = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
    else:
        kind = Annotated[float, Field(ge=0, allow_inf_nan=False)]
    return (kind | None, Field(default=None, description=text))


_FIELDS: Final[dict[str, Any]] = {feature.name: _field(feature) for feature in CATALOGUE}

Features: Final[type[BaseModel]] = create_model(
    "Features",
    __config__=ConfigDict(
        extra="forbid",
        strict=True,  # a text is no number
        json_schema_extra={
            "examples": [{"days_since_last_session": 19, "gap_mean_days": 4, "sessions_total": 31}]
        },
    ),
    __doc__="Features by name, as `docs/features.md` lists them. What is left out or null is unknown.",
    **_FIELDS,
)
