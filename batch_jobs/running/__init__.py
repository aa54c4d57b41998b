"""How jobs are run: in which order, by whom, when, and what happens if one fails."""
