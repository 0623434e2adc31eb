"""Labels that ship, one a file; a file here that calls `register_label` is enough to appear everywhere."""
