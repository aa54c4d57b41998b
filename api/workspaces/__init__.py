"""Files that people send: what callers see of them."""
