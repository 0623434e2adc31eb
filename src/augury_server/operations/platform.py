"""How a verb of the platform is registered: settings first, Django ready, the actor known, changes audited."""

from __future__ import annotations

import getpass
import importlib
from dataclasses import dataclass, fields
from typing import Annotated, Any

import msgspec

from augury.errors import InvalidInput
from augury.extras import require
from augury.operations.operation import Operation, Progress, Result, Role, option
from augury.operations.registry import register
from augury.spec import Spec

__all__ = ["PLATFORM_OPTIONS", "PlatformOptions", "Verb", "platform_operation"]

_SETTLED = "a running server has its settings already"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformOptions(Spec):
    """Options that every verb of the platform has on the command line."""

    config: Annotated[
        str | None, msgspec.Meta(description="Settings file; augury.toml in this folder when left out.")
    ] = option(None, path=True, local=_SETTLED)
    set: Annotated[
        tuple[str, ...], msgspec.Meta(description="A setting for this call: section.name=value; may be repeated.")
    ] = option((), local=_SETTLED)


PLATFORM_OPTIONS = frozenset(item.name for item in fields(PlatformOptions))
"""Names of the options that only the command line has; a running server or job has its settings already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """What `platform_operation` needs to know: `run` is "module:function" of `augury_server.operations.running`."""

    name: str
    summary: str
    example: str
    run: str
    result: str = "augury_server.operations.table:Table"
    role: Role = "viewer"
    changes_state: bool = False
    long: bool = False
    django: bool = True
    view: str = "augury_server.commands.table_view"
    local: str = ""


def platform_operation(verb: Verb, spec_type: type[PlatformOptions]) -> Operation:
    """Register a verb; its function takes (spec, progress) and may use models and the current actor."""

    def run(spec: Any, progress: Progress) -> Result:
        require("django", extra="server")
        _take_settings(spec)
        if verb.django:
            from augury_server.settings.preparing import prepare

            prepare(terminal=True)
        module, _, name = verb.run.partition(":")
        function = getattr(importlib.import_module(f"augury_server.operations.running.{module}"), name)
        if not verb.django:
            return function(spec, progress)  # type: ignore[no-any-return]
        from augury_server.database.explaining import explained

        with explained(f"run {entry.words}"):
            return _audited(verb, spec, progress, function) if verb.changes_state else function(spec, progress)

    entry = register(
        Operation(
            name=verb.name,
            summary=verb.summary,
            example=verb.example,
            spec_type=spec_type,
            result=verb.result,
            run=run,
            changes_state=verb.changes_state,
            role=verb.role,
            long=verb.long,
            view=verb.view,
            local=verb.local,
        )
    )
    return entry


def _take_settings(spec: PlatformOptions) -> None:
    import os

    from augury_server.settings.current import give_flags, refuse_late_settings
    from augury_server.settings.loading import CONFIG

    if spec.config is not None:
        refuse_late_settings(f"the settings file {spec.config}")
        os.environ[CONFIG] = spec.config
    flags = {}
    for text in spec.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidInput(f"expected section.name=value, got {text!r}, for instance web.port=8001")
        flags[name.strip()] = value.strip()
    give_flags(flags)


def _audited(verb: Verb, spec: PlatformOptions, progress: Progress, function: Any) -> Result:
    """Run what changes state as somebody, and leave a record of how it ended; a dry run changes nothing."""
    from augury_server.accounts.actor import acting, current_actor
    from augury_server.accounts.audit import audited

    options = {name: value for name, value in spec.to_dict().items() if name not in PLATFORM_OPTIONS}
    with acting(current_actor() or f"{getpass.getuser()}@terminal"):
        if options.get("dry_run"):
            return function(spec, progress)  # type: ignore[no-any-return]
        with audited(verb.name, detail={"options": options}):
            return function(spec, progress)  # type: ignore[no-any-return]
