"""User state in Redis: the documented layout, fenced batch writes, reads."""
