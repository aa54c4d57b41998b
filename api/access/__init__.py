"""Who may call what: keys, scopes, rates, and the log of what was changed."""
