"""Strategies from files: a registered name, or a `.py` file that says what to hold."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from augury.errors import AuguryError, InvalidInput, NotFound, nearest
from augury.strategies.failures import failure_in_file
from augury.strategies.functions import strategy_from_function
from augury.strategies.registry import strategy_named, strategy_names
from augury.strategies.strategy import Strategy

__all__ = ["files_beside", "load_function", "load_module", "load_strategy", "names_in_file", "source_of"]

_LARGEST_BYTES = 1_000_000
_PREFIX = "_augury_file_"
_BYTE_ORDER_MARK = "\ufeff"  # editors of some systems begin a file with it
_loading = threading.RLock()


def load_strategy(path_or_name: str | Path) -> Strategy:
    """The strategy of that registered name, or the one that a `.py` file defines.

    A file defines one of: `positions(bars)` or `positions(bars, fast=10, slow=30)`, a function from a frame of bars to
    one target position a bar (`PARAMETERS = {"fast": (2, 100)}` beside it sets bounds, `rule(fast, slow)` says in words
    what is wrong with a combination, or returns None); or `STRATEGY` (or `positions`), a `Strategy` such as
    `compiled_strategy` makes. The name is the file's, the summary the first paragraph of its docstring.

    Files in the same folder are imported as `from .indicators import average`; anything installed as usual. Each call
    reads everything anew, files of one name in different folders are apart, and a file that fails leaves nothing
    behind.
    `code_id` covers the text of the file and of all that it imports from its folder.

    Raises NotFound when there is no such file or name, and InvalidInput, with the line, when the file fails.

    >>> load_strategy("buy_and_hold").name
    'buy_and_hold'
    """
    text = str(path_or_name)
    if text in strategy_names():
        return strategy_named(text)
    if not _looks_like_a_file(path_or_name):
        raise NotFound(f"no strategy is named {text!r}; {nearest(text, strategy_names())}, or give a .py file")
    path = _existing(Path(text))
    module = load_module(path)
    try:
        strategy = _strategy_in(module, path)
    except InvalidInput as error:
        raise InvalidInput(f"{path.name}: {error}") from error
    return _identified(strategy, source_of(module))


def load_function(path: str | Path, name: str) -> Callable[..., Any]:
    """A function of a `.py` file by its name. Raises NotFound, with the nearest names, and InvalidInput as above."""
    module = load_module(_existing(Path(path)))
    found = getattr(module, name, None)
    if not callable(found):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise NotFound(f"{Path(path).name} defines no function {name!r}; {nearest(name, known)}")
    function: Callable[..., Any] = found
    return function


def names_in_file(path: str | Path) -> frozenset[str]:
    """The names that a `.py` file defines when it is run."""
    return frozenset(vars(load_module(_existing(Path(path)))))


def files_beside(path: str | Path) -> dict[str, str]:
    """Text of the files of its folder that a strategy file imported when it was last loaded, by path in that folder."""
    place = _existing(Path(path))
    package = _package_name(place)
    found = {
        Path(str(module.__file__))
        for name, module in list(sys.modules.items())
        if name.startswith(package + ".") and str(getattr(module, "__file__", None)).endswith(".py")
    }
    return {file.relative_to(place.parent).as_posix(): _text_of(file) for file in sorted(found - {place})}


def _package_name(path: Path) -> str:
    return _PREFIX + hashlib.sha256(str(path).encode()).hexdigest()[:16]


def _looks_like_a_file(given: str | Path) -> bool:
    text = str(given)
    return isinstance(given, Path) or text.endswith(".py") or "/" in text or "\\" in text


def _existing(path: Path) -> Path:
    if not path.exists():
        if path.is_symlink():
            raise NotFound(f"{path} is a link to a file that is not there; mend the link")
        near = [other.name for other in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise NotFound(f"there is no file {path}; " + (nearest(path.name, near) if near else "check the path"))
    if not path.is_file() or path.suffix != ".py":
        raise InvalidInput(f"expected a .py file that defines positions(bars), got {path}")
    return path.resolve()


class _TextLoader(importlib.abc.InspectLoader):
    """Runs the text of a file, never an old compiled copy of it."""

    def __init__(self, text: str, path: Path) -> None:
        self._text, self._path = text, path

    def get_source(self, fullname: str) -> str:  # noqa: ARG002
        return self._text

    def get_code(self, fullname: str) -> Any:  # noqa: ARG002
        return self.source_to_code(self._text.removeprefix(_BYTE_ORDER_MARK), str(self._path))

    def is_package(self, fullname: str) -> bool:  # noqa: ARG002
        return False


def load_module(path: Path) -> ModuleType:
    """Run a `.py` file as a module of a package of its own, whose folder is the file's; nothing stays when it fails.

    Raises InvalidInput naming the line of the file at which it failed.
    """
    text = _text_of(path)
    package = _package_name(path)
    name = f"{package}.{path.stem}"
    spec = importlib.util.spec_from_loader(name, _TextLoader(text, path), origin=str(path))
    assert spec is not None
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    with _loading:
        _forget(package)
        sys.modules[package] = _folder_package(package, path.parent)
        sys.modules[name] = module
        try:
            assert spec.loader is not None
            spec.loader.exec_module(module)
        except AuguryError as error:
            _forget(package)
            raise InvalidInput(f"{path.name} failed to load: {failure_in_file(error, str(path))}") from error
        except (Exception, SystemExit) as error:
            _forget(package)
            raise InvalidInput(
                f"{path.name} failed to load: {failure_in_file(error, str(path))}{_hint(error, path)}"
            ) from error
        except BaseException:
            _forget(package)
            raise
    return module


def _hint(error: BaseException, path: Path) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name and (path.parent / f"{error.name}.py").is_file():
        return f"; a file beside it is imported as `from .{error.name} import ...`"
    return ""


def _text_of(path: Path) -> str:
    if path.stat().st_size > _LARGEST_BYTES:
        raise InvalidInput(f"{path} has {path.stat().st_size:,} bytes; a strategy file has at most {_LARGEST_BYTES:,}")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is no UTF-8 text: {error.reason} at byte {error.start}") from error


def _folder_package(name: str, folder: Path) -> ModuleType:
    spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    return importlib.util.module_from_spec(spec)


def _forget(package: str) -> None:
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
        del sys.modules[name]


def source_of(module: ModuleType) -> str:
    """The text of a module from `load_module` and of every file of its folder that it has imported."""
    package = module.__name__.partition(".")[0]
    files = {
        str(found.__file__)
        for name, found in list(sys.modules.items())
        if name.startswith(package + ".") and getattr(found, "__file__", None)
    }
    own = str(module.__file__)
    ordered = [own, *sorted(files - {own})]
    return "\n".join(Path(file).read_text(encoding="utf-8") for file in ordered)


def _strategy_in(module: ModuleType, path: Path) -> Strategy:
    found = getattr(module, "STRATEGY", None)
    if found is not None and not isinstance(found, Strategy):
        raise InvalidInput(f"STRATEGY should be a Strategy, got {type(found).__name__}")
    found = found or getattr(module, "positions", None)
    if isinstance(found, Strategy):
        return dataclasses.replace(found, name=path.stem) if found.name == "positions" else found
    if found is None:
        names = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        defined = f"; it defines {', '.join(names[:8])}" if names else ""
        raise InvalidInput(f"expected a function positions(bars), or STRATEGY{defined}")
    if not callable(found):
        raise InvalidInput(f"positions should be a function, got {type(found).__name__}")
    return strategy_from_function(
        found,
        name=path.stem,
        bounds=getattr(module, "PARAMETERS", None),
        rule=getattr(module, "rule", None),
        summary=(module.__doc__ or "").strip().split("\n\n")[0],
    )


def _identified(strategy: Strategy, source: str) -> Strategy:
    """The strategy with the text of its files as the source of its code."""
    form: Any = strategy.form
    if dataclasses.is_dataclass(form) and any(field.name == "source" for field in dataclasses.fields(form)):
        form = dataclasses.replace(form, source=source)  # type: ignore[type-var]
    return dataclasses.replace(strategy, form=form)
