"""Why models are trained."""

from typing import Literal

Reason = Literal["first", "schedule", "drift", "degradation"]
"""`first`: there is no former model, or all of it was wanted again."""
