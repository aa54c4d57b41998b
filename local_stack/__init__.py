"""Kafka and Redis on one machine: found where they run, or started as local processes."""
