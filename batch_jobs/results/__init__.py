"""What the jobs have found: tables of each run, and a pointer to the last good one."""
