"""Events in: from a body to what Kafka has acknowledged."""
