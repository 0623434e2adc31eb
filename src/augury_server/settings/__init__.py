"""Typed settings: defaults, a TOML file, the environment, flags; and Django's, derived from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury_server.settings.current import current_loaded, current_settings, give_flags, use_settings
    from augury_server.settings.loading import Loaded, Setting, load_settings, setting_fields
    from augury_server.settings.model import Settings
    from augury_server.settings.preparing import prepare
    from augury_server.settings.secrets import missing_secrets, secret_key

__all__ = [
    "Loaded",
    "Setting",
    "Settings",
    "current_loaded",
    "current_settings",
    "give_flags",
    "load_settings",
    "missing_secrets",
    "prepare",
    "secret_key",
    "setting_fields",
    "use_settings",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Loaded": "augury_server.settings.loading",
        "Setting": "augury_server.settings.loading",
        "Settings": "augury_server.settings.model",
        "current_loaded": "augury_server.settings.current",
        "current_settings": "augury_server.settings.current",
        "give_flags": "augury_server.settings.current",
        "load_settings": "augury_server.settings.loading",
        "missing_secrets": "augury_server.settings.secrets",
        "prepare": "augury_server.settings.preparing",
        "secret_key": "augury_server.settings.secrets",
        "setting_fields": "augury_server.settings.loading",
        "use_settings": "augury_server.settings.current",
    },
)
