"""Segments: groups of users who behave alike, by name, and what became of them."""
