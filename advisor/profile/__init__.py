"""What is in a file: gaps, doubles, what cannot be, and how good it is for telling who leaves."""
