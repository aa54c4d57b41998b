"""Grafana dashboards as code, what Grafana and Prometheus are provisioned with, and the push to a Grafana."""
