"""Compression: smaller and faster models, with a certificate for each step."""
