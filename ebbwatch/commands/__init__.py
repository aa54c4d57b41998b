"""One module for each group of commands; `ebbwatch.on_demand` loads the one that is called."""
