"""Models that batch jobs have refitted, as arrays: scored like those that learn online, and learning nothing more."""
