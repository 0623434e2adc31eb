"""A layered cache: memory, Redis, database."""
