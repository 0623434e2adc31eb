"""What both database engines need: bulk rows, plans, advice, retention, upgrades."""
