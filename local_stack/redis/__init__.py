"""Redis as a local process."""
