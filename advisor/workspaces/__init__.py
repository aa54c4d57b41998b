"""One workspace a file: where it lies, what has become of it, who may see it, and when it goes."""
