"""Pages for people: administration."""
