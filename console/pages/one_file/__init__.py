"""Parts of the page of one file: a module for each step of the way."""
