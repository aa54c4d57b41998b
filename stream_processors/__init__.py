"""From the log to the store: the Faust app, its batch transport, the feature agent, the supervisor."""
