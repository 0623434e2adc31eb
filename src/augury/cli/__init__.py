"""The terminal door: commands derived from the list of operations, tables, progress bars, exit codes."""
