"""Models at work: hosted, warmed, swapped while they serve, every prediction recorded; no HTTP here."""
