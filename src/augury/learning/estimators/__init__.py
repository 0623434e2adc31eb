"""Estimators: one file a family, scikit-learn's interface."""
