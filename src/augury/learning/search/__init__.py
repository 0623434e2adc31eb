"""Search over the options of a model."""
