"""Measures of closed round trips, one a file."""
