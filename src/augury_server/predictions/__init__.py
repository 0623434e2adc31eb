"""What models answered, kept for outcomes and experiments."""
