"""The HTTP API: product apps push events, CRM systems get risk and alerts that they can act on."""
