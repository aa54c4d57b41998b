"""After how much silence somebody counts as gone: found from the gaps between purchases."""
