"""Measures of how much is held and traded, one a file."""
