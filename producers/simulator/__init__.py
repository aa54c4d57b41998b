"""A made-up product whose users are worth predicting, with the truth about each of them."""
