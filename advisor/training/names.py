"""Names of what a training leaves in a folder."""

from typing import Final

CUSTOMERS: Final = "customers.parquet"
"""Rows of `advisor.training.customers.SCHEMA`."""
SUMMARY: Final = "summary.json"
"""`advisor.training.training.Summary`."""
PAGE: Final = "summary.html"
PDF: Final = "summary.pdf"
"""The summary for people (`advisor.exports.summary`)."""
AT_RISK: Final = ("high", "medium")
"""Tiers whose customers a campaign may contact."""
