"""Predictions on their way to the database: waiting in memory, on disk while it is away, written each once."""
