"""Names of what a training leaves in a folder."""

from typing import Final

CUSTOMERS: Final = "customers.parquet"
"""Rows of `advisor.training.customers.SCHEMA`."""
PEOPLE: Final = "features.parquet"
"""Features of the same customers in the same order, and their states (`advisor.training.kept`)."""
MODEL: Final = "model"
"""Folder of the model that scores; likewise."""
SUMMARY: Final = "summary.json"
"""`advisor.training.training.Summary`."""
PAGE: Final = "summary.html"
PDF: Final = "summary.pdf"
"""The summary for people (`advisor.exports.summary`)."""
AT_RISK: Final = ("high", "medium")
"""Tiers whose customers a campaign may contact."""
WHOLE_KEY: Final = b"keeps whole, vouches for nobody"
"""Signs what a process keeps that reads what strangers send, and so holds no secret."""
