"""Many combinations of parameters in one compiled pass, walk-forward, and permutation tests of the whole search."""
