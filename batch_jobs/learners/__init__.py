"""Models that are refitted on the archived examples, beside those that learn online: figures, reasons, payloads."""
