"""Work that is done again and again: rows that say when, and a process that submits what is due."""
