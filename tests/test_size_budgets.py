"""Files, functions, argument lists and classes stay small enough to read."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path
from typing import TypeAlias

import pytest

import augury

ROOT = Path(augury.__file__).parent.parent
SOURCES = sorted(
    path
    for room in ("augury", "augury_server")
    for path in (ROOT / room).rglob("*.py")
    if "migrations" not in path.parts
)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Trees: TypeAlias = dict[Path, ast.Module]


@pytest.fixture(scope="module")
def trees() -> Trees:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def code_lines(path: Path, tree: ast.Module) -> int:
    """Lines that hold code: neither blank, nor comment, nor docstring."""
    text = path.read_text(encoding="utf-8")
    docstrings = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | Function)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
        for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in skipped and token.type != tokenize.ENDMARKER:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def functions(trees: Trees) -> list[tuple[str, Function]]:
    """Every function with a name of its own: file, line and name, since files and functions share names."""
    return [
        (f"{shown(path)}:{node.lineno}:{node.name}", node)
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, Function)
    ]


def length(node: Function) -> int:
    """Lines of the body, the docstring left out."""
    body = node.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and len(body) > 1:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def arguments(node: Function) -> int:
    names = [argument.arg for argument in node.args.posonlyargs + node.args.args + node.args.kwonlyargs]
    return len([name for name in names if name not in ("self", "cls")])


def test_nine_files_of_ten_have_at_most_200_lines_of_code_and_none_more_than_400(trees: Trees) -> None:
    sizes = {shown(path): code_lines(path, tree) for path, tree in trees.items()}
    assert len(sizes) == len(SOURCES) > 20
    assert max(sizes.values()) <= 400, {name: size for name, size in sizes.items() if size > 400}
    small = sum(size <= 200 for size in sizes.values())
    assert small / len(sizes) >= 0.9, {name: size for name, size in sizes.items() if size > 200}


def test_functions_have_at_most_60_lines_and_19_of_20_at_most_35(trees: Trees) -> None:
    found = functions(trees)
    lengths = {name: length(node) for name, node in found}
    assert len(lengths) == len(found)
    assert max(lengths.values()) <= 60, {name: lines for name, lines in lengths.items() if lines > 60}
    ordered = sorted(lengths.values())
    assert ordered[int(0.95 * len(ordered))] <= 35


def options_of_an_estimator(name: str, node: Function) -> bool:
    """scikit-learn reads an estimator's options off its constructor's keywords; positions are not needed."""
    positions = [argument.arg for argument in node.args.posonlyargs + node.args.args]
    return name.startswith("augury/learning/estimators/") and node.name == "__init__" and positions == ["self"]


def test_functions_take_at_most_6_arguments(trees: Trees) -> None:
    many = {
        name: arguments(node)
        for name, node in functions(trees)
        if arguments(node) > 6 and not options_of_an_estimator(name, node)
    }
    assert not many, many


def test_classes_have_at_most_12_public_methods(trees: Trees) -> None:
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                public = [item for item in node.body if isinstance(item, Function) and not item.name.startswith("_")]
                assert len(public) <= 12, f"{shown(path)}:{node.name} has {len(public)} public methods"
