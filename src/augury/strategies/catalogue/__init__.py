"""Strategies that ship, one file each; a module here that defines `STRATEGY` is found by being here."""
