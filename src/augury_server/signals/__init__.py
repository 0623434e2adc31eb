"""The signal service: signals of a universe, stored with provenance, joined with what came of them."""
