"""Experiments between versions of a model: what they are and which run; no statistics here.

The modules that touch the database need Django prepared (`augury_server.settings.prepare`), so nothing is imported
here: `augury_server.experiments.start`, `.stop`, `.running`, `.listing` and so on hold a verb each.
"""
