"""Evaluation: scores out of sample with intervals, baselines, importance, calibration, profit."""
