"""Model versions: lineage, metrics, aliases, promotion and rollback."""
