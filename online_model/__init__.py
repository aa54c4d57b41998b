"""Scores: how likely a user is to be lost, and why."""
