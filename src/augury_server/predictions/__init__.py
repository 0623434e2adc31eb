"""Recorded predictions and what came of them."""
