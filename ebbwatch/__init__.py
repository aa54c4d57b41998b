"""The command line and the settings: the only place where the rooms are wired together."""
