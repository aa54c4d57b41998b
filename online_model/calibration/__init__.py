"""Probabilities put right, where that is proven to help."""
