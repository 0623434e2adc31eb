"""Run every benchmark beside its peers; `--write FILE` makes the document, `--smoke` is small and fast.

With `--only`, `--write` replaces those tables of the document and leaves the rest as it is.

Every `bench_*.py` here has a `run()` that returns rows: dictionaries with the same keys, one per figure. Each runs in a
process of its own, but those that time vectorbt's simulator share one, since it compiles for seconds in every process.
Where numbers of a peer are compared they must agree, or the benchmark fails. `slow_*.py` run only when `--only` names
them. A smoke run checks that everything works and agrees; its times mean nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
LIBRARIES = (
    "numpy", "numba", "pandas", "onnxruntime", "TA-Lib", "vectorbt", "vectorbt-rust", "backtesting", "backtrader",
    "empyrical-reloaded", "xgboost-cpu", "scikit-learn", "torch", "PyWavelets",
)  # fmt: skip
SHARED = ("bench_backtest", "bench_grids", "bench_permutation", "bench_portfolio", "bench_stops", "bench_sweep")
"""Benchmarks that run in one process, one after the other."""
PLATFORM = (
    "bench_admin", "bench_api", "bench_ingest", "bench_jobs", "bench_registry", "bench_serving", "bench_serving_core",
    "bench_signal_service",
)  # fmt: skip
"""About half of a smoke run, which takes them beside all others."""

PREAMBLE = """# Performance

Measured by `make bench` (`python benchmarks/run.py --write docs/performance.md`), which wrote this page. Each table's
peer was timed in the same process or the same minute as Augury, so the ratio is the figure to compare; absolute times
vary with the machine. `ratio` is peer time over ours. Where a column `agreement` says how equal the numbers of both
sides are, the benchmark fails when they are not.
"""


def run_together(modules: list[Path]) -> dict[str, list[dict[str, Any]]]:
    """Run some benchmarks in one new process, so that they neither warm up nor slow down the others; rows by name."""
    names = [module.stem for module in modules]
    code = (
        f"import sys, json, importlib; sys.path.insert(0, {str(HERE)!r})\n"
        f"for name in {names!r}:\n"
        "    print('ran', name, json.dumps(importlib.import_module(name).run()), flush=True)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    ran = [line.split(" ", 2)[1:] for line in done.stdout.splitlines() if line.startswith("ran ")]
    if done.returncode != 0:
        failed = [name for name in names if name not in dict(ran)]
        sys.exit(f"{failed[0]} failed:\n{done.stdout}\n{done.stderr}")
    return {name: json.loads(rows) for name, rows in ran}


def processes_of(modules: list[Path], *, smoke: bool) -> list[list[Path]]:
    """Which benchmarks share a process; in a smoke run those of the platform share one and all others another."""
    if smoke:
        both = [[module for module in modules if (module.stem in PLATFORM) is platform] for platform in (False, True)]
        return [together for together in both if together]
    apart = [[module] for module in modules if module.stem not in SHARED]
    shared = [module for module in modules if module.stem in SHARED]
    return apart + ([shared] if shared else [])


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


def installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def machine() -> str:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES if installed(name))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}; load average {load}."


def page_of(page: Path) -> tuple[str, dict[str, str]]:
    """What stands at the head of a page, and its tables by title."""
    head, *parts = re.split(r"(?m)^## ", page.read_text(encoding="utf-8"))
    return head.rstrip("\n") + "\n", {part.partition("\n")[0]: "## " + part.rstrip("\n") + "\n" for part in parts}


def kept_rows(folder: Path | None, modules: list[Path]) -> dict[str, list[dict[str, Any]]]:
    """The rows of benchmarks that ended in an earlier run, by name."""
    files = [] if folder is None else [folder / f"{module.stem}.json" for module in modules]
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()}


def keep_rows(folder: Path | None, ran: dict[str, list[dict[str, Any]]]) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in ran.items():
        (folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="write the tables to this Markdown file; with --only, into it")
    parser.add_argument("--only", help="run only benchmarks whose file name holds this")
    parser.add_argument("--smoke", action="store_true", help="small sizes, everything still checked")
    parser.add_argument("--rows", type=Path, help="keep each benchmark's rows in this folder, and take those in it")
    given = parser.parse_args()
    if given.write and given.smoke:
        parser.error("--write makes the page: leave --smoke out, whose times mean nothing")
    if given.smoke:
        os.environ["AUGURY_BENCH"] = "smoke"
    modules = [module for module in sorted(HERE.glob("bench_*.py")) if not given.only or given.only in module.name]
    modules += [module for module in sorted(HERE.glob("slow_*.py")) if given.only and given.only in module.name]
    if not modules:
        parser.error(f"no benchmark's file name holds {given.only!r}")
    console = Console(width=160)
    found = kept_rows(given.rows, modules)
    processes = processes_of([module for module in modules if module.stem not in found], smoke=given.smoke)
    with ThreadPoolExecutor(2 if given.smoke else 1) as at_once:
        for together, ran in zip(processes, at_once.map(run_together, processes), strict=True):
            found |= ran
            keep_rows(given.rows, ran)
            for module in together:
                print_table(title_of(module), ran[module.stem], console)
    if given.write:
        head, tables = page_of(given.write) if given.only else (f"{PREAMBLE}\n{machine()}\n", {})
        tables |= {title_of(module): as_markdown(title_of(module), found[module.stem]) for module in modules}
        every = [title_of(module) for module in sorted(HERE.glob("bench_*.py"))]
        sections = [head, *(tables[title] for title in every if title in tables)]
        given.write.write_text("\n".join(sections), encoding="utf-8")
        console.print(f"wrote {given.write}")


if __name__ == "__main__":
    main()
