"""How every process logs: for people or as JSON, with the ids of what it was doing, and without secrets."""
