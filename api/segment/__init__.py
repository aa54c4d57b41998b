"""Calls that Segment's libraries make, as our events (`docs/api-ingest.md` has the table)."""
