"""Labels: what came of a decision."""
