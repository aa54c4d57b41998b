"""How Kafka and Redis are reached: addresses, TLS, users and passwords, from the environment alone."""
