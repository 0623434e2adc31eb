"""Processes that do the work: who they are, whether they live, how many there should be."""
