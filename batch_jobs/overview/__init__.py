"""The first page: how many users, how many of them were lost, and what came in."""
