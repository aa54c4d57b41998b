"""Money: what users bring, what is at risk, and what is to come."""
