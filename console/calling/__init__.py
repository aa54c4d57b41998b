"""Calls of the public HTTP API."""
