"""The `augury` command."""

from __future__ import annotations

import importlib
import io
import json
import math
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from contextvars import ContextVar
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from augury.cli.commands import command_for
from augury.cli.exit_codes import FINE, REFUSED, USAGE, exit_code
from augury.cli.first_run import announce_first_run
from augury.cli.groups import group_class, made_command, made_group
from augury.cli.progress import TerminalProgress
from augury.cli.warned_once import warned_once
from augury.cli.wording import for_terminal
from augury.errors import AuguryError, InvalidInput, Refused
from augury.extras import require
from augury.operations.operation import Operation, Result
from augury.operations.registry import groups, operations
from augury.version import __version__

__all__ = ["app", "run"]


def _makers() -> dict[str, Callable[[], Any]]:
    """What makes one command an operation; those whose names begin with the same word and a dot form a group."""
    alone: dict[str, Callable[[], Any]] = {}
    grouped: dict[str, dict[str, Callable[[], Any]]] = {}
    for name, entry in operations().items():
        group, _, verb = name.rpartition(".")
        place = grouped.setdefault(group, {}) if group else alone
        place[verb] = partial(_command, verb, entry)
    about = groups()
    return alone | {name: partial(made_group, name, about.get(name, ""), inner) for name, inner in grouped.items()}


def _command(verb: str, entry: Operation) -> Any:
    return made_command(verb, command_for(entry, execute))


app = typer.Typer(
    name="augury",
    cls=group_class(_makers()),
    help="Trading signals that can be trusted: from market data and news to explained signals.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_platform: ContextVar[str] = ContextVar("platform", default="")
"""The URL of the platform that does the work; empty: this machine does."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"augury {__version__}")
        raise typer.Exit(FINE)


@app.callback(epilog="Start with: augury demo")
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", help="Print the version and leave.", is_eager=True, callback=_print_version
        ),
    ] = False,
    server: Annotated[
        str,
        typer.Option(
            "--server",
            metavar="URL",
            envvar="AUGURY_SERVER",
            show_envvar=False,
            help="Do it on the platform at this URL instead of here; $AUGURY_SERVER, with the key in $AUGURY_API_KEY.",
        ),
    ] = "",
) -> None:
    del version  # what it does is done when it is read
    _platform.set(server)


@app.command("mcp")
def _tools(
    role: Annotated[
        str, typer.Option("--role", metavar="TEXT", help="What the agent may do: viewer, operator or administrator.")
    ] = "viewer",
) -> None:
    """Offer the operations as tools to an agent that starts this command, over the Model Context Protocol.

    Example:  augury mcp --role operator
    """
    errors = Console(stderr=True, highlight=False)
    try:
        if _platform.get():
            raise Refused("an agent reaches a platform over HTTP itself, at /mcp; leave --server (AUGURY_SERVER) out")
        require("mcp", extra="mcp")
        tools, roles = importlib.import_module("augury.mcp.stdio"), importlib.import_module("augury.mcp.tools")
        tools.serve(roles.known_role(role))
    except AuguryError as error:
        errors.print(f"[bold red]augury mcp:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(USAGE if isinstance(error, InvalidInput) else exit_code(error)) from None


def execute(entry: Operation, given: dict[str, Any], as_json: bool) -> None:
    """Run one operation and show its result; errors become one message on standard error and an exit code."""
    errors = Console(stderr=True, highlight=False)

    def fail(message: str, code: int) -> typer.Exit:
        errors.print(
            f"[bold red]augury {entry.words}:[/] {escape(for_terminal(message, entry))}",
            soft_wrap=True,
        )
        return typer.Exit(code)

    try:
        spec = entry.spec_type.from_dict(given)
    except InvalidInput as error:
        raise fail(str(error), USAGE) from None
    try:
        result = _run(entry, spec, errors)
        show(entry, result, as_json)
    except AuguryError as error:
        raise fail(str(error), exit_code(error)) from None
    except MemoryError:
        raise fail("not enough memory for this input; give fewer or smaller files", REFUSED) from None
    except KeyboardInterrupt:
        errors.print("interrupted; nothing half-written was left behind")
        raise typer.Exit(REFUSED) from None
    except BrokenPipeError:
        _silence_stdout()
        raise typer.Exit(FINE) from None
    except OSError as error:  # a full disk under standard output, for instance
        _silence_stdout()
        raise fail(f"the system refused: {error}; the result is not complete", REFUSED) from None
    raise typer.Exit(int(getattr(result, "exit_code", FINE)))


def _run(entry: Operation, spec: Any, errors: Console) -> Result:
    """Run an operation here, or on the platform that was named."""
    if server := _platform.get():
        remote = importlib.import_module("augury.cli.remote")
        result: Result = remote.run_there(server, entry, spec, errors)
        return result
    announce_first_run(errors)
    with redirect_stdout(sys.stderr), warned_once():  # what a strategy prints is no part of the result
        return entry.run(spec, TerminalProgress(errors))


def _silence_stdout() -> None:
    """Let nothing be written to standard output any more, so that leaving does not fail on it again."""
    with suppress(OSError, ValueError):  # no file stands behind it, or it is closed already
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show(entry: Operation, result: Result, as_json: bool) -> None:
    """Print a result: JSON for machines, the operation's own view for people."""
    if as_json:
        sys.stdout.write(json.dumps(_known(result.to_dict()), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        sys.stdout.flush()
        return
    own = entry.view or f"augury.cli.render.{entry.name.replace('-', '_')}"
    view = importlib.import_module("augury.cli.render.any_result" if _platform.get() else own)
    view.render(result, _Output(highlight=False))


def _known(value: Any) -> Any:
    """The same with null for every number that JSON has no word for."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class _Output(Console):
    """Standard output that leaves a reader's hanging up to `execute`; Rich by itself would exit with 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def run() -> None:
    """Entry point of the console script and of `python -m augury`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files and old terminals may hold what they cannot show
            stream.reconfigure(errors="backslashreplace")
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
