"""What pages show, computed from the API's answers by pure functions."""
