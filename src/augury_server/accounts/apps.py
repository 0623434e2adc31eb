"""Django's record of the room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["AccountsConfig"]


class AccountsConfig(AppConfig):
    """The room as an app."""

    name = "augury_server.accounts"
    label = "augury_accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Keep the roles' permissions in step with the schema, and log-ins in the audit trail."""
        from django.contrib.auth import signals
        from django.db.models.signals import post_migrate

        from augury_server.accounts import logins
        from augury_server.accounts.roles import sync_permissions

        post_migrate.connect(sync_permissions, dispatch_uid="augury_roles")
        signals.user_logged_in.connect(logins.note_login, dispatch_uid="augury_logged_in")
        signals.user_logged_out.connect(logins.note_logout, dispatch_uid="augury_logged_out")
        signals.user_login_failed.connect(logins.note_failure, dispatch_uid="augury_login_failed")
