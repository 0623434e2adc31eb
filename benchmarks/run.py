"""Run every benchmark beside its peers in one process each and print one table; `--write FILE` makes the document.

Every `bench_*.py` here has a `run()` that returns rows: dictionaries with the same keys, one per figure.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
LIBRARIES = ("numpy", "numba", "pandas", "onnxruntime", "TA-Lib")
PREAMBLE = """# Performance

Measured by `make bench` (`python benchmarks/run.py --write docs/performance.md`), which wrote this page. Each table's
peer was timed in the same process and run as Augury, so the ratio is the figure to compare; absolute times vary with
the machine. `ratio` is peer time over ours.
"""


def run_apart(module: Path) -> list[dict[str, Any]]:
    """Run one benchmark in a process of its own, so that none warms up or slows down another."""
    code = f"import json, sys; sys.path.insert(0, {str(HERE)!r}); import {module.stem} as b; print(json.dumps(b.run()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{module.name} failed:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def title_of(module: Path) -> str:
    first = module.read_text(encoding="utf-8").split('"""')[1].strip().splitlines()[0]
    return first.rstrip(".")


def cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def columns_of(rows: list[dict[str, Any]]) -> list[str]:
    columns: dict[str, None] = {}
    for row in rows:
        columns.update(dict.fromkeys(row))
    return list(columns)


def print_table(title: str, rows: list[dict[str, Any]], console: Console) -> None:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    columns = columns_of(rows)
    for column in columns:
        table.add_column(column, justify="left" if column in ("name", "peer", "note") else "right")
    for row in rows:
        table.add_row(*(cell(row.get(column)) for column in columns))
    console.print(table)


def as_markdown(title: str, rows: list[dict[str, Any]]) -> str:
    columns = columns_of(rows)
    lines = [f"## {title}", "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(cell(row.get(column)) for column in columns) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def machine() -> str:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="write the tables to this Markdown file")
    parser.add_argument("--only", help="run only benchmarks whose file name holds this")
    given = parser.parse_args()
    if given.write and given.only:
        parser.error("--write makes the whole page: leave --only out")
    modules = [module for module in sorted(HERE.glob("bench_*.py")) if not given.only or given.only in module.name]
    if not modules:
        parser.error(f"no benchmark's file name holds {given.only!r}")
    console = Console(width=160)
    sections = [PREAMBLE, machine() + "\n"]
    for module in modules:
        rows = run_apart(module)
        print_table(title_of(module), rows, console)
        sections.append(as_markdown(title_of(module), rows))
    if given.write:
        given.write.write_text("\n".join(sections), encoding="utf-8")
        console.print(f"wrote {given.write}")


if __name__ == "__main__":
    main()
