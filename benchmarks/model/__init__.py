"""How good predictions are beside models that are refitted every two weeks; these run in their own environment."""
