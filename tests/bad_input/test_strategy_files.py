"""Strategy files that are wrong: one message with the line, no result, nothing recorded, standard output left alone."""

from __future__ import annotations

import json
import os

import pytest

from augury.errors import InvalidInput, NotFound
from augury.strategies import load_strategy

HOLD = "def positions(bars):\n    return [1.0] * len(bars)\n"

FAILS = {
    "nothing in it": ("", ["expected a function positions(bars), or STRATEGY"]),
    "a syntax error": ("def positions(bars:\n", ["failed to load: SyntaxError: '(' was never closed (s.py, line 1"]),
    "an import that is not there": ("import no_such_module_x\n", ["No module named 'no_such_module_x' (s.py, line 1"]),
    "it leaves the program": ("raise SystemExit(0)\n", ["failed to load: SystemExit: 0 (s.py, line 1"]),
    "it leaves when called": ("def positions(bars):\n    raise SystemExit(0)\n", ["SystemExit: 0 (s.py, line 2"]),
    "it fails when called": ("def positions(bars): return 1 / 0\n", ["ZeroDivisionError", "s.py, line 1"]),
    "an error that cannot be told": (
        "class E(Exception):\n    def __str__(self): raise ValueError\ndef positions(bars): raise E\n",
        ["failed: E: it says nothing that could be shown (s.py, line 3"],
    ),
    "endless recursion": ("def positions(bars): return positions(bars)\n", ["RecursionError"]),
    "a zero byte": ("x = '\0'\n", ["SyntaxError", "null bytes"]),
    "Latin-1": ("caf\xe9 = 1\n".encode("latin-1"), ["is no UTF-8 text", "byte 3"]),
    "too large": ("#" * 1_000_001, ["1,000,001 bytes", "at most 1,000,000"]),
    "nothing returned": ("def positions(bars): pass\n", ["returned nothing", "`return`"]),
    "one number": ("def positions(bars): return 1.0\n", ["300 target positions", "got shape ()"]),
    "too few": ("def positions(bars): return [1.0] * 299\n", ["300 target positions", "(299,)"]),
    "NaN": ("def positions(bars): return [float('nan')] * 300\n", ["finite", "nan at bar 0", "300 in all"]),
    "infinity": ("def positions(bars): return [float('-inf')] * 300\n", ["finite", "-inf at bar 0"]),
    "words": ("def positions(bars): return ['long'] * 300\n", ["should return numbers", "such as 'long'"]),
    "a generator": ("def positions(bars): yield 1.0\n", ["should return numbers", "generator"]),
    "complex numbers": ("def positions(bars): return [1j] * 300\n", ["numbers", "complex128", "1j"]),
    "masked numbers": (
        "import numpy as np\ndef positions(bars): return np.ma.masked_all(300)\n",
        ["masked values", ".filled(0.0)"],
    ),
    "prices": ("def positions(bars): return bars['close']\n", ["lie in [-1, 1]", "at bar 0", "leverage"]),
    "a hair above one": ("def positions(bars): return [1 + 1e-12] * 300\n", ["got 1.000000000001 at bar 0"]),
    "rows dropped": ("def positions(bars): return bars['close'].iloc[5:] * 0\n", ["index of the bars", "295 rows"]),
    "rows turned round": ("def positions(bars): return bars['close'].iloc[::-1] * 0\n", ["index of the bars"]),
    "rows numbered": (
        "def positions(bars): return (bars['close'] * 0).reset_index(drop=True)\n",
        ["index of the bars", "labelled by int64"],
    ),
    "features that are all NaN": (
        "def positions(bars): return (bars['close'].rolling(5000).mean() > 0) * float('nan')\n",
        ["finite numbers", "300 in all"],
    ),
    "a signature with words": ("def positions(bars, kind='x'): return 1\n", ["default 'x'", "only numbers"]),
    "a signature without defaults": ("def positions(bars, fast): return 1\n", ["number as its default"]),
    "bounds that cross": ("PARAMETERS = {'a': (5, 1)}\ndef positions(bars, a=3): return 1\n", ["the lower one first"]),
    "a rule that fails": (
        "def rule(a): return 1 / 0\ndef positions(bars, a=3): return [0.0] * 300\n",
        ["rule failed", "ZeroDivisionError"],
    ),
}  # fmt: skip


@pytest.fixture
def aapl(good, write):
    return write("AAPL.csv", good.text())


@pytest.mark.parametrize("case", FAILS)
def test_a_bad_strategy_file_ends_in_one_message_and_leaves_nothing(case, aapl, write, fails, monkeypatch):
    content, words = FAILS[case]
    path = write("s.py", content)
    monkeypatch.setenv("AUGURY_LEDGER", str(aapl.with_name("ledger.sqlite")))
    message = fails(3, "backtest", path, aapl, "--permutations", "0", "--report", aapl.with_name("r.html"))
    for word in words:
        assert word in message, (word, message)
    assert sorted(entry.name for entry in aapl.parent.iterdir()) == ["AAPL.csv", "s.py"]


NOISY = """
import warnings
print("read")
def positions(bars):
    print("called")
    warnings.warn("careful\x1b[31m")
    return [1.0] * len(bars)
"""


@pytest.mark.filterwarnings("default")
def test_what_a_strategy_prints_and_warns_of_stays_out_of_the_result(aapl, write, augury):
    path = write("s.py", NOISY)
    result = augury("backtest", path, aapl, "--permutations", "0", "--ledger", "off", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["strategy"]
    assert "called" in result.stderr
    assert result.stderr.count("careful") == 1
    assert "\x1b" not in result.stderr


def test_a_file_that_begins_with_a_byte_order_mark_is_read(write, tmp_path):
    assert load_strategy(write("s.py", "\ufeff" + HOLD)).name == "s"
    assert load_strategy(write("t.py", HOLD.replace("\n", "\r\n"))).name == "t"


def test_paths_that_lead_to_no_file_say_so(tmp_path):
    (tmp_path / "d.py").mkdir()
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "gone.py").symlink_to("nowhere.py")
    os.mkfifo(tmp_path / "pipe.py")
    for name in ("d.py", "pipe.py", ".py"):
        (tmp_path / ".py").touch()
        with pytest.raises(InvalidInput, match=r"expected a \.py file"):
            load_strategy(tmp_path / name)
    for name in ("loop.py", "gone.py"):
        with pytest.raises(NotFound, match="a link to a file that is not there"):
            load_strategy(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("def features(bars): return None\n", "expected one row for each of 300 bars, got NoneType"),
        ("def features(bars): return 5\n", "got int"),
        ("def features(bars): return bars.iloc[:, :0]\n", "one column or more"),
        ("def features(bars): return bars.astype(complex)\n", "got complex ones in column 'open'"),
        ("def features(bars): raise SystemExit\n", "features failed: SystemExit"),
        ("def features(bars): return bars.reset_index(drop=True).iloc[:3]\n", "got 3 rows"),
        ("def features(bars):\n    import numpy as np\n    return np.random.rand(len(bars))\n", "two answers"),
    ],
)
def test_a_function_that_leaks_cannot_test_is_refused(content, words, aapl, write, fails):
    assert words in fails(3, "leaks", write("f.py", content), aapl)
