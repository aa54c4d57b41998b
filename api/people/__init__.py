"""What the API says of users: risk, profiles, rankings, questions of the kind "what if"."""
