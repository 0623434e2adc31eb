"""Causal columns from bars: the Feature contract, the registry and the catalogue."""
