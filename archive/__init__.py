"""The archive: every record of the log as a table by event day, each offset once, on a folder or an object store."""
