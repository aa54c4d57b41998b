"""Who serves: promotion and rollback by evidence that may be looked at every day."""
