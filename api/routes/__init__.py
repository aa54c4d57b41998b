"""The routes: thin; what they decide is decided elsewhere."""
