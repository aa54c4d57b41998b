"""What kind of file it is, its rows as text, and what its columns mean as events."""
