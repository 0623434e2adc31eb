"""What `augury config` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from augury.errors import NotFound, nearest
from augury.operations.operation import Progress
from augury_server.operations.config import ConfigShowOptions
from augury_server.operations.table import Table
from augury_server.settings import current_loaded, setting_fields
from augury_server.settings.hiding import without_password

__all__ = ["show_config"]


def show_config(spec: ConfigShowOptions, progress: Progress) -> Table:  # noqa: ARG001 - every verb takes both
    """Settings by dotted name: value, and its origin when asked."""
    loaded = current_loaded()
    sections = {name.partition(".")[0] for name in setting_fields()}
    if spec.section is not None and spec.section not in sections:
        raise NotFound(f"no section is named {spec.section!r}; {nearest(spec.section, sections)}")
    rows = []
    for name in setting_fields():
        if spec.section in (None, name.partition(".")[0]):
            value = _plain(_value(loaded.settings, name))
            rows.append((name, value, *((loaded.origin(name),) if spec.origin else ())))
    return Table(
        title=f"Settings of the {loaded.settings.environment} platform in {loaded.settings.home}",
        columns=("setting", "value", *(("origin",) if spec.origin else ())),
        rows=tuple(rows),
        notes=("Change one by the variable AUGURY_SECTION__NAME, in augury.toml, or by --set section.name=value.",),
    )


def _value(model: BaseModel, name: str) -> Any:
    for part in name.split("."):
        model = getattr(model, part)
    return model


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "(set, hidden)"
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return without_password(value) if isinstance(value, str) else value
