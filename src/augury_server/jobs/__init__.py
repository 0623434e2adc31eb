"""Background work: the row in the database is the truth, the queue only a messenger."""
