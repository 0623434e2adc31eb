"""Series with known truth: one generator a file, all taking `seed`."""
