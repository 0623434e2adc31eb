"""Readers: one file format each, all giving a `Claim`."""
