"""Experiments, promotions and the holdout of alerts, by intention to treat from the assignments in the log."""
