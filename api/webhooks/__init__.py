"""Webhooks as people set them up: what they ask for, and what they see."""
