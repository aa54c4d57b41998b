"""Pure rules over typed records: events, user state, features, labels, tiers. No I/O, no clock."""
