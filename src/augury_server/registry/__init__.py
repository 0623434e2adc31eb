"""Model versions: lineage, metrics, aliases, promotion and rollback.

The modules that touch the database need Django prepared (`augury_server.settings.prepare`), so nothing is imported
here: `augury_server.registry.register`, `.promote`, `.rollback`, `.opening`, `.as_of` and so on hold a verb each.
"""
