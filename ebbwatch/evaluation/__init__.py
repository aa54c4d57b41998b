"""How good the model is on a file of past events: the stream's own code, without a broker."""
