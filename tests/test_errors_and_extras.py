"""The error tree, suggestions, lazy imports and optional dependencies."""

from __future__ import annotations

import pytest

from augury.errors import AuguryError, InvalidBars, InvalidInput, MissingExtra, NotFound, nearest
from augury.extras import require
from augury.lazy import lazy_exports


def test_errors_are_also_the_builtin_kind_that_callers_expect() -> None:
    assert issubclass(InvalidBars, InvalidInput)
    assert issubclass(InvalidInput, ValueError)
    assert issubclass(NotFound, LookupError)
    assert issubclass(MissingExtra, ImportError)
    assert all(issubclass(kind, AuguryError) for kind in (InvalidBars, NotFound, MissingExtra))


def test_nearest_suggests_close_names_or_lists_what_there_is() -> None:
    assert nearest("hurts", ["hurst", "vsa"]) == "did you mean 'hurst'?"
    assert nearest("zzz", ["hurst", "vsa"]) == "known names: hurst, vsa"


def test_a_missing_extra_gives_the_pip_line() -> None:
    with pytest.raises(MissingExtra, match=r"pip install 'augury\[polars\]'"):
        require("a_module_that_does_not_exist", extra="polars")


def test_an_import_that_fails_inside_a_present_module_is_not_called_a_missing_extra(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_inside.py").write_text("import a_module_that_does_not_exist\n")  # type: ignore[operator]
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError) as caught:
        require("broken_inside", extra="polars")
    assert not isinstance(caught.value, MissingExtra)


def test_lazy_names_are_imported_on_first_use_and_unknown_ones_refused() -> None:
    get, names = lazy_exports("augury.errors", {"nearest": "augury.errors"})
    assert get("nearest") is nearest
    assert names() == ["nearest"]
    with pytest.raises(AttributeError, match="no attribute 'farthest'"):
        get("farthest")
