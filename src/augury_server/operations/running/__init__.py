"""What the platform's verbs do; loaded on first use."""
