"""How results look in a terminal: one file a result, found by the operation's name."""
