"""Sessions over values that come one by one: window, averages, trend, change; kept in memory or in Redis."""
