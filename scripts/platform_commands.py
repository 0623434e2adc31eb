"""Write the reference of the platform's verbs from the list of operations: `--write FILE`, or print it."""

from __future__ import annotations

import argparse
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from augury.operations import operations
from augury.operations.operation import Operation
from augury.operations.registry import groups
from augury_server.operations.platform import PLATFORM_OPTIONS

HEAD = """# Platform: every verb

Written by `python scripts/platform_commands.py --write docs/platform-commands.md`; a test compares it with the list of
operations. What the verbs are for, in the order in which you will want them, is under [platform](platform.md).

Every verb also has `--json` (the whole result), `--config FILE` (settings instead of `augury.toml`) and
`--set section.name=value` (one setting for this call). *Role* is the least role that may use it where people log in;
*changes* marks what leaves an entry in the audit trail.
"""


def words(hint: Any) -> str:
    if get_origin(hint) is Annotated:
        return next((note.description for note in get_args(hint)[1:] if isinstance(note, msgspec.Meta)), "") or ""
    return ""


def shown(default: Any) -> str:
    if default is MISSING:
        return "required"
    if default is None or default == () or default == "":
        return "-"
    return f"`{default}`" if not isinstance(default, tuple) else f"`{' '.join(map(str, default))}`"


def section(entry: Operation) -> str:
    facts = [f"role: {entry.role}"] + ["changes state"] * entry.changes_state + ["long: shows progress"] * entry.long
    lines = [f"### {entry.name.replace('.', ' ')}", "", entry.summary, ""]
    lines += ["```sh", entry.example, "```", "", f"*{'; '.join(facts)}*", ""]
    hints = get_type_hints(entry.spec_type, include_extras=True)
    options = [item for item in fields(entry.spec_type) if item.name not in PLATFORM_OPTIONS]
    if options:
        lines += ["| option | default | |", "|---|---|---|"]
        for item in options:
            flag = item.name.upper() if item.metadata.get("positional") else "--" + item.name.replace("_", "-")
            text = words(hints[item.name]).replace("|", "\\|")
            lines.append(f"| `{flag}` | {shown(item.default)} | {text} |")
        lines.append("")
    return "\n".join(lines)


def document() -> str:
    found = {name: entry for name, entry in operations().items() if "." in name}
    parts = [HEAD]
    for group, about in sorted(groups().items()):
        parts.append(f"## {group}\n\n{about}\n")
        parts += [section(entry) for name, entry in found.items() if name.partition(".")[0] == group]
    return "\n".join(parts).rstrip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the page to write; printed when left out")
    given = parser.parse_args()
    if given.write is None:
        print(document(), end="")
    else:
        given.write.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
