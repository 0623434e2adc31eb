"""Processes of one machine, kept running together and stopped together."""
