"""Results as gauges for Prometheus: a process that lives long, since jobs do not."""
