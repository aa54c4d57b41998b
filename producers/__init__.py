"""Events into Kafka: the simulator, replay of files, the client for product apps."""
