"""Triggers that keep the audit trail append-only, whoever reaches the database; for both engines."""

from __future__ import annotations

from typing import Any

__all__ = ["TRIGGERS", "make_append_only", "missing_triggers"]

_MESSAGE = "the audit trail is append-only"

TRIGGERS = {
    "sqlite": ("audit_no_update", "audit_no_delete"),
    "postgresql": ("audit_no_change", "audit_no_truncate"),
}
"""Names of the triggers of each engine."""

_SQLITE = [
    f"CREATE TRIGGER audit_no_{event.lower()} BEFORE {event} ON augury_accounts_auditentry "
    f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    for event in ("UPDATE", "DELETE")
]
_REFUSE = f"""
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'restrict_violation'; END $$
"""
_ON = "ON augury_accounts_auditentry FOR EACH"
_POSTGRESQL = [
    _REFUSE,
    f"CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE {_ON} ROW EXECUTE FUNCTION audit_refuse()",
    f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE {_ON} STATEMENT EXECUTE FUNCTION audit_refuse()",
    "ALTER TABLE augury_accounts_auditentry ENABLE ALWAYS TRIGGER audit_no_change",
    "ALTER TABLE augury_accounts_auditentry ENABLE ALWAYS TRIGGER audit_no_truncate",
]


def make_append_only(_: Any, editor: Any) -> None:
    """Create the triggers: a step of a migration."""
    for statement in _SQLITE if editor.connection.vendor == "sqlite" else _POSTGRESQL:
        editor.execute(statement)


def missing_triggers(connection: Any) -> tuple[str, ...]:
    """Names of triggers that should be there and are not, or that somebody switched off."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'augury_accounts_auditentry'"
            )
        else:
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = 'augury_accounts_auditentry'::regclass "
                "AND tgenabled = 'A' AND NOT tgisinternal"
            )
        there = {name for (name,) in cursor.fetchall()}
    return tuple(name for name in TRIGGERS[connection.vendor] if name not in there)
