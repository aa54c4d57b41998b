"""From a file that somebody has to what it says about who leaves: no Kafka, no Redis."""
