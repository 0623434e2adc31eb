import pkgutil
import subprocess
import sys

import pytest

import augury.testing


def _constants_then_classes_then_functions(name):
    return (not name.isupper(), not name[0].isupper(), name)


def test_every_exported_name_is_found_and_the_list_is_sorted():
    assert augury.testing.__all__ == sorted(augury.testing.__all__, key=_constants_then_classes_then_functions)
    for name in augury.testing.__all__:
        assert getattr(augury.testing, name) is not None
        assert name in dir(augury.testing)


def test_no_exported_name_is_hidden_by_a_module_of_that_name():
    modules = {module.name for module in pkgutil.iter_modules(augury.testing.__path__)}
    assert not modules & set(augury.testing.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = augury.testing.nothing


def test_importing_the_room_needs_no_test_runner_and_compiles_nothing():
    code = (
        "import sys, augury.testing; from augury.testing import feature_suite, check_causality, PLANTED, garch_bars;"
        "print([name for name in ('pytest', 'hypothesis', 'numba', 'talib') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
