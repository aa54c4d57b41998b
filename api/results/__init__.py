"""What the batch jobs have found, for callers."""
