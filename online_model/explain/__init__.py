"""Says why: what each feature adds to a score, and what that is in words."""
