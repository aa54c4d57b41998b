"""Who stays: retention of users and of money by cohort of origin (docs/retention.md)."""
