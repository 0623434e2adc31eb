"""Measures of the falls from a peak, one a file."""
