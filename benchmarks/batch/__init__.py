"""The batch jobs on simulated users: full runs, the next day's refresh, and an obvious version in pandas."""
