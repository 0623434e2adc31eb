"""Plausibility: what a backtest claims that cannot be, or that is probably not so. One idea a file."""
