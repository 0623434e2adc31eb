"""Compiling ahead: every module with kernels is found, its kernels are on disk afterwards, and a failure says why."""

from __future__ import annotations

import ast
import importlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import augury
from augury.errors import Unavailable
from augury.numerics.compile_ahead import Compilers, kernel_modules

KERNEL = """
from augury.numerics.compile import kernel

@kernel("float64(float64)")
def doubled(x):
    return 2.0 * x
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `warmed` with kernels in two modules of three, that this process and those it starts can import."""
    folder = tmp_path / "warmed"
    (folder / "inner").mkdir(parents=True)
    for name, text in (("one", KERNEL), ("inner/two", KERNEL), ("none", "# it has no @kernel(\nx = 1\n")):
        (folder / f"{name}.py").write_text(text)
    for name in ("__init__", "inner/__init__"):
        (folder / f"{name}.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    return folder


def test_each_module_that_defines_kernels_is_found() -> None:
    source = Path(str(augury.__file__)).parents[1]
    decorated = [
        ".".join(file.relative_to(source).with_suffix("").parts)
        for file in source.rglob("*.py")
        if b"kernel(" in file.read_bytes()
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "kernel"
    ]
    assert len(decorated) > 100
    assert kernel_modules(["augury", "augury_server"]) == sorted(set(decorated))


def test_kernels_are_on_disk_afterwards(package: Path) -> None:
    modules = kernel_modules(["warmed"])
    assert modules == ["warmed.inner.two", "warmed.one"]
    with Compilers() as compilers, ThreadPoolExecutor(2) as threads:
        list(threads.map(compilers.load, [[module] for module in modules]))
        compilers.load(modules)
    assert {file.name.partition("-")[0] for file in package.rglob("*.nbc")} == {"one.doubled", "two.doubled"}


def test_a_package_that_is_not_there_has_no_kernels() -> None:
    assert kernel_modules(["not_a_package_at_all"]) == []


def test_a_module_that_cannot_be_compiled_is_named_with_the_reason(package: Path) -> None:
    (package / "bad.py").write_text(KERNEL.replace("2.0 * x", "2.0 + not_defined"))
    with Compilers() as compilers:
        with pytest.raises(Unavailable, match=r"(?s)kernels of warmed\.one, warmed\.bad could not .*'not_defined'"):
            compilers.load(["warmed.one", "warmed.bad"])
        with pytest.raises(Unavailable, match=r"kernels of warmed\.one could not"):  # the process is gone
            compilers.load(["warmed.one"])
    with Compilers() as compilers, pytest.raises(Unavailable, match=r"No module named 'warmed\.away'"):
        compilers.load(["warmed.away"])
