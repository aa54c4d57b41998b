"""How good every contestant is, measured on predictions as they were made."""
