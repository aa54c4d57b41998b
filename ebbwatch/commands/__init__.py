"""One module for each group of commands; `ebbwatch.main` registers them."""
