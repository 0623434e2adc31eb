"""The engine's doors for orders and for entry and exit signals."""
