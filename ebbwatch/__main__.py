"""``python -m ebbwatch``."""

from ebbwatch.main import main

main()
