"""The console: pages in the browser over the public HTTP API, with the visitor's key."""
