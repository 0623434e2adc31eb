from __future__ import annotations

import subprocess
import sys

import pytest

import augury.market


def test_importing_the_room_imports_no_pandas():
    code = "import sys, augury.market; sys.exit('pandas' in sys.modules or 'numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_exported_name_exists_and_is_not_shadowed_by_its_own_module():
    for _ in range(2):
        for name in augury.market.__all__:
            assert not isinstance(getattr(augury.market, name), type(augury.market)), name
    assert set(augury.market.__all__) <= set(dir(augury.market))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing"):
        _ = augury.market.nothing
