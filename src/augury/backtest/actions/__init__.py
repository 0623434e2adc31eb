"""Splits, dividends and delistings: read, told from prices, and taken out of what strategies see."""
