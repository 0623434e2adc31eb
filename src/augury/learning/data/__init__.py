"""Data sets: rows of features with their labels, folds and scaling."""
