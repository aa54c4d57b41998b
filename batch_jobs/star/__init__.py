"""The star schema: facts by user and day, users, and what happened to them; maintained as days arrive."""
