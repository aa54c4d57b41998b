"""A file's events through the stream's own features, labels and tournament; then everybody's risk as of its end."""
