"""The boards, in the order in which people see them."""

from typing import Final

from dashboards.boards import engagement, model, operations, overview, retention, risk
from dashboards.panels.board import Board

ALL: Final[tuple[Board, ...]] = (
    overview.BOARD,
    risk.BOARD,
    retention.BOARD,
    engagement.BOARD,
    model.BOARD,
    operations.BOARD,
)
