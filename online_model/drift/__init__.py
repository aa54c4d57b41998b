"""Notices that users, or what the champion is worth on them, are no longer what they were."""
