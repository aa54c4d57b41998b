"""Deliveries of the feed to webhooks: what waits in Redis, how it is signed, how it is sent."""
