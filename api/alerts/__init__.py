"""Alerts for people and programs: shapes of answers, and how they are read."""
