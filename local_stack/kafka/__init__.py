"""Kafka as a local process: one JVM that is broker and controller."""
