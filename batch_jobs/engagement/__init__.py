"""How much the product is used, by whom, and who leaves (docs/engagement.md)."""
