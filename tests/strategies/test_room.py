"""The room's list of names, its registry, and what importing it costs."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import augury.strategies
from augury.errors import NotFound
from augury.strategies import strategy_named, strategy_names


def _classes_then_functions(name):
    return (not name[0].isupper(), name)


def test_every_exported_name_is_found_and_the_list_is_sorted():
    assert augury.strategies.__all__ == sorted(augury.strategies.__all__, key=_classes_then_functions)
    for name in augury.strategies.__all__:
        assert getattr(augury.strategies, name) is not None
        assert name in dir(augury.strategies)


def test_no_exported_name_is_hidden_by_a_module_of_that_name():
    assert not {module.name for module in pkgutil.iter_modules(augury.strategies.__path__)} & set(
        augury.strategies.__all__
    )


def test_strategies_are_found_by_name_and_an_unknown_one_suggests_the_nearest():
    assert list(strategy_names()) == sorted(strategy_names())
    with pytest.raises(NotFound, match="did you mean 'momentum'"):
        strategy_named("momentun")


def test_listing_names_and_loading_a_plain_file_compiles_nothing(tmp_path):
    (tmp_path / "mine.py").write_text("def positions(bars):\n    return bars['close'] * 0\n", encoding="utf-8")
    code = (
        "import sys; from augury.strategies import as_strategy, load_strategy, strategy_names;"
        f"strategy_names(); load_strategy({str(tmp_path / 'mine.py')!r}); as_strategy(lambda bars: bars);"
        "print([name for name in ('numba', 'talib', 'pytest') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
