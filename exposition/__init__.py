"""How a process is asked what it counts and whether it is well: the port that each of them has."""
