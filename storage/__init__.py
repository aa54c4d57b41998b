"""Files, whole or not at all: on a disk or at any address that fsspec knows."""
