"""Commands derived from operations: the fields of a spec become arguments and options."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import typer

from augury.operations.operation import Operation

__all__ = ["command_for"]

Execute = Callable[[Operation, dict[str, Any], bool], None]


def command_for(entry: Operation, execute: Execute) -> Callable[..., None]:
    """A Typer command for an operation; `execute` receives it with the options given and whether JSON is wanted."""

    def command(**given: Any) -> None:
        as_json = given.pop("json_output")
        execute(entry, {name: _frozen(value) for name, value in given.items()}, as_json)

    hints = get_type_hints(entry.spec_type, include_extras=True)
    parameters = [_parameter(item, hints[item.name]) for item in fields(entry.spec_type)]
    json_flag = Annotated[bool, typer.Option("--json", metavar="", help="Print the whole result as JSON.")]
    parameters.append(
        inspect.Parameter("json_output", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=json_flag)
    )
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = f"{entry.summary}\n\nExample:  {entry.example}"
    return command


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _parameter(item: Field[Any], hint: Any) -> inspect.Parameter:
    kind, text = _kind_and_help(hint)
    words = None
    if get_origin(kind) is tuple:
        each = get_args(kind)[0]
        if get_origin(each) is Literal:  # typer takes one of several words, but not a list of such
            words, each = "|".join(get_args(each)), str
        kind = list[each]  # type: ignore[valid-type]
    default = inspect.Parameter.empty if item.default is MISSING else item.default
    if isinstance(default, tuple):
        default = list(default)
    if item.metadata.get("positional"):
        hinted: Any = Annotated[kind, typer.Argument(help=text)]
    else:
        flag = "--" + item.name.replace("_", "-")
        short = item.metadata.get("short")
        names = [f"{flag}/--no-{flag[2:]}" if kind is bool and default is True else flag, *([short] if short else [])]
        hinted = Annotated[kind, typer.Option(*names, metavar=words or _metavar(kind), help=text)]
    return inspect.Parameter(item.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hinted)


def _metavar(kind: Any) -> str | None:
    """What help shows for the value of an option: nothing for a flag, choices as they are, a word for all else."""
    if kind is bool:
        return ""
    if get_origin(kind) is Literal:
        return None
    return "NUMBER" if kind in (int, float) else "TEXT"


def _kind_and_help(hint: Any) -> tuple[Any, str]:
    if get_origin(hint) is not Annotated:
        return hint, ""
    kind, *notes = get_args(hint)
    texts = [note.description for note in notes if isinstance(note, msgspec.Meta) and note.description]
    return kind, texts[0] if texts else ""
