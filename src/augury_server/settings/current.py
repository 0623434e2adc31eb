"""The settings of this process, loaded once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from augury.errors import Misconfigured
from augury_server.settings.loading import FLAGS, Loaded, load_settings
from augury_server.settings.model import Settings

__all__ = ["current_loaded", "current_settings", "give_flags", "refuse_late_settings", "use_settings"]

_loaded: Loaded | None = None


def current_settings() -> Settings:
    """The settings of this process; read from file, environment and flags on the first call."""
    return current_loaded().settings


def current_loaded() -> Loaded:
    """`current_settings` with the origin of every value."""
    global _loaded
    if _loaded is None:
        _loaded = load_settings()
    return _loaded


def give_flags(flags: Mapping[str, Any]) -> None:
    """Set flags of the command line, for this process and those that it starts.

    Raises Misconfigured when the settings were read already: a flag would then be half heard.
    """
    if not flags:
        return
    refuse_late_settings("flags")
    os.environ[FLAGS] = json.dumps({**json.loads(os.environ.get(FLAGS, "{}")), **flags})


def refuse_late_settings(what: str) -> None:
    """Raise Misconfigured when this process has read its settings: another source would then be half heard."""
    if _loaded is not None:
        raise Misconfigured(f"{what} came after the settings were read; give them when the process starts")


@contextmanager
def use_settings(loaded: Loaded) -> Iterator[Settings]:
    """Other settings for a while, as tests need; Django's own, once set up, stay as they are."""
    global _loaded
    before, _loaded = _loaded, loaded
    try:
        yield loaded.settings
    finally:
        _loaded = before
