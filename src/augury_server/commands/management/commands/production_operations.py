"""`python manage.py production_operations --action ACTION`: operations for those who work through Django."""

from __future__ import annotations

import getpass
import importlib
import io
import json
from argparse import ArgumentParser
from typing import Any, get_args, get_origin, get_type_hints

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from augury.errors import AuguryError, InvalidInput, nearest
from augury.operations.operation import Operation, Result, Silent
from augury_server.accounts.actor import acting
from augury_server.commands.actions import ACTIONS, action_operation, available_actions

__all__ = ["Command"]


class Command(BaseCommand):
    """Run one action: `--option name=value` for each of its options, `--json` for the whole result."""

    help = "Run an operation of the platform: " + ", ".join(ACTIONS)
    requires_system_checks: list[str] = []  # noqa: RUF012 - as Django declares it

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the action and its options."""
        parser.add_argument("--action", required=True, help="one of: " + ", ".join(available_actions()))
        parser.add_argument(
            "--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the action; repeat it"
        )
        parser.add_argument("--json", action="store_true", help="print the whole result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run it; exit code 1, with the reason, when it was refused or found something wrong."""
        try:
            entry = action_operation(options["action"])
            spec = entry.spec_type.from_dict(_given(entry, options["option"]))
            with acting(f"{getpass.getuser()}@manage.py"):
                result = entry.run(spec, Silent())
        except AuguryError as error:
            raise CommandError(str(error)) from None
        self._show(entry, result, as_json=options["json"])
        code = int(getattr(result, "exit_code", 0))
        if code:
            raise SystemExit(code)

    def _show(self, entry: Operation, result: Result, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(result.to_dict(), indent=2, ensure_ascii=False, default=str))
            return
        view = importlib.import_module(entry.view or f"augury.cli.render.{entry.name.replace('-', '_')}")
        text = io.StringIO()
        view.render(result, Console(file=text, highlight=False, width=110))
        self.stdout.write(text.getvalue())


def _given(entry: Operation, texts: list[str]) -> dict[str, Any]:
    """Options as the spec takes them: a text for a number or a list is read as JSON."""
    kinds = get_type_hints(entry.spec_type)
    given: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise InvalidInput(f"expected --option name=value, got {text!r}")
        if name not in kinds:
            raise InvalidInput(f"{entry.name} has no option {name!r}; {nearest(name, kinds)}")
        given[name] = _read(kinds[name], value, given.get(name))
    return given


def _read(kind: Any, text: str, before: Any) -> Any:
    if get_origin(kind) is tuple:
        return (*(before or ()), text)
    kinds = set(get_args(kind)) or {kind}
    if kinds & {int, float, bool} and str not in kinds:
        try:
            return json.loads(text.lower() if bool in kinds else text)
        except ValueError:
            return text  # the spec says what it expected
    return text
