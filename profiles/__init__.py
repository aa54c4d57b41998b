"""What is known of a user, computed when somebody asks: risk, tier, reasons, parts of the score."""
