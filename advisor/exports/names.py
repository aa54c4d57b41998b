"""Names of what is written for people, for who only passes it on."""

from typing import Final, Literal

Chart = Literal["activity", "threshold", "months", "reasons", "sureness", "segments"]
CHARTS: Final = "charts"
"""Folder of images."""
SHOWN: Final[dict[Chart, str]] = {
    "activity": "Revenue and customers by month, events by weekday and hour",
    "threshold": "Gaps between purchases, and the churn rate at each threshold",
    "months": "Revenue and customers by month, and the next months",
    "reasons": "What moves the risk most, and how the risk goes with it",
    "segments": "Kinds of customers by how they behave; alike ones lie close",
    "sureness": "Predicted beside what came of it, and how many of those ranked first were lost",
}
"""What each chart shows."""
CARD: Final = "model-card.html"
