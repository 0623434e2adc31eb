"""Django's record of the room."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["AccountsConfig"]


class AccountsConfig(AppConfig):
    """The room as an app."""

    name = "augury_server.accounts"
    label = "augury_accounts"
    verbose_name = "Accounts"
