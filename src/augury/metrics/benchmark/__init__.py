"""Measures against a benchmark's returns on the same bars, one a file."""
