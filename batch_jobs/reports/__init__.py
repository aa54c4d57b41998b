"""The weekly page for people: figures, pictures and what has moved, as HTML and as PDF, by mail and into a chat."""
