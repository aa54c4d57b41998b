"""Panels of each kind, over the typed builders of Grafana's foundation SDK.

Shapes, transformations and overrides are those that a Grafana 11.6.2 has drawn; change them only with one at hand.
"""
