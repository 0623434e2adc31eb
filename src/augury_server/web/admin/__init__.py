"""Administration: a page for every table, and the verbs that act on its rows.

Nothing is imported here: only a process that serves pages needs them, and `tables` names them all.
"""
