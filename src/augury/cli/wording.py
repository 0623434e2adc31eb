"""Messages of the library in the words of the command line."""

from __future__ import annotations

import re
from dataclasses import fields

from augury.operations.operation import Operation

__all__ = ["for_terminal", "printable", "without_python"]

_OPTION = re.compile(r"^(\w+)\.(\w+) = (.*): Expected (.*)$", re.DOTALL)
_PYTHON_ONLY = {
    "see quality_report and clean": "see what `augury quality` finds in it",
    ", or use read_universe": "",
    ", or pass latency='1D'": "",
    " or a DatetimeIndex": "",
    "run verify": "run `augury ledger verify`",
    " or give one another label: dataclasses.replace(feature, label=...)": "",
}
_LONGEST = 2000
_LONGEST_VALUE = 200


def for_terminal(message: str, entry: Operation) -> str:
    """The message with options as they are typed (`zone=` is `--zone`), without control characters, never endless."""
    positional = {item.name for item in fields(entry.spec_type) if item.metadata.get("positional")}
    if found := _OPTION.match(message):
        owner, name, value, expected = found.groups()
        expected = expected.replace("`", "")
        if owner == entry.spec_type.__name__:
            shown = name if name in positional else _flag(name)
            value = value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + "..."
            message = f"{shown} {value}: expected {expected}; see augury {entry.words} --help"
        else:
            message = f"option {name} = {value}: expected {expected}"
    message = without_python(message)
    for item in fields(entry.spec_type):
        message = re.sub(rf"\b{item.name}='([^']*)'", rf"{_flag(item.name)} \1", message)
        message = re.sub(rf"\b{item.name}=(?=\W|$)", _flag(item.name), message)
    message = printable(re.sub(r"(--[\w-]+) \(\1\)", r"\1", message))
    return message if len(message) <= _LONGEST else message[:_LONGEST] + "..."


def without_python(message: str) -> str:
    """The message with what only Python can do replaced by what the command line can."""
    for words, typed in _PYTHON_ONLY.items():
        message = message.replace(words, typed)
    return message


def printable(text: str) -> str:
    """The text with signs that could steer a terminal (escape, bell, changes of direction) written out."""
    return "".join(sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in text)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
