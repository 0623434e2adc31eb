"""The `augury` command."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from augury import __version__
from augury.cli.commands import command_for
from augury.cli.exit_codes import FINE, REFUSED, exit_code
from augury.cli.progress import TerminalProgress
from augury.errors import AuguryError
from augury.operations.operation import Operation, Result
from augury.operations.registry import operations

__all__ = ["app", "run"]

app = typer.Typer(
    name="augury",
    help="Trading signals that can be trusted: from market data and news to explained signals.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(epilog="Start with: augury demo")
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"augury {__version__}")
        raise typer.Exit(FINE)


def execute(entry: Operation, given: dict[str, Any], as_json: bool) -> None:
    """Run one operation and show its result; errors become one message on standard error and an exit code."""
    errors = Console(stderr=True, highlight=False)
    try:
        spec = entry.spec_type.from_dict(given)
        result = entry.run(spec, TerminalProgress(errors))
        show(entry, result, as_json)
    except AuguryError as error:
        errors.print(f"[bold red]augury {entry.name}:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(exit_code(error)) from None
    except KeyboardInterrupt:
        errors.print("interrupted; nothing half-written was left behind")
        raise typer.Exit(REFUSED) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(FINE) from None
    raise typer.Exit(int(getattr(result, "exit_code", FINE)))


def show(entry: Operation, result: Result, as_json: bool) -> None:
    """Print a result: JSON for machines, the operation's own view for people."""
    if as_json:
        sys.stdout.write(json.dumps(result.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        sys.stdout.flush()
        return
    view = importlib.import_module(f"augury.cli.render.{entry.name}")
    view.render(result, Console(highlight=False))


for _entry in operations().values():
    app.command(_entry.name)(command_for(_entry, execute))


def run() -> None:
    """Entry point of the console script and of `python -m augury`."""
    try:
        app()
    except Exception as error:  # the outermost door: a bug must not become a wall of traceback
        if os.environ.get("AUGURY_DEBUG"):
            raise
        kind = type(error).__name__
        sys.stderr.write(
            f"augury: internal error ({kind}: {error}). This is a bug; report it, with what AUGURY_DEBUG=1 shows.\n"
        )
        sys.exit(REFUSED)
