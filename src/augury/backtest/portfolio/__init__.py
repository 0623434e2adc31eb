"""Several instruments in one account: aligned bars, weights, rebalancing, shared cash."""
