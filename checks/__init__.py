"""What `make check` asks beside the linters."""
