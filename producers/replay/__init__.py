"""Files of past events into Kafka: read, map, put in order of time, send with clock marks in between."""
