"""Decisions of people and of the API: written to the topic `control` first, projected into Redis second."""
