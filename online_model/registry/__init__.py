"""Versions of models: published whole, signed, read back only if nothing about them is amiss."""
