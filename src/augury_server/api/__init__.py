"""The door for machines: predictions, streams, every operation, over HTTP; parse, call, render."""
