"""What a growth team asks on Monday, from the archive: who stays, when users leave, what it costs, what worked."""
