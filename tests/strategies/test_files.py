"""Strategies from files and from what a program holds: what works, and a clear refusal for everything else."""

from __future__ import annotations

import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
from numba import njit

from augury.errors import InvalidInput, NotFound
from augury.market import bar_arrays
from augury.strategies import (
    Strategy,
    as_strategy,
    compiled_strategy,
    load_strategy,
    strategy_from_function,
    strategy_named,
)
from augury.strategies.kernel_form import call_positions, positions_address
from augury.testing import garch_bars

BARS = garch_bars(120, seed=1)
RISING = (BARS["close"] > BARS["close"].shift(3)).astype(float)


@pytest.fixture
def write(tmp_path):
    def save(text, name="mine.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return save


def _left_over():
    return {name for name in sys.modules if name.startswith("_augury_file_")}


def test_a_function_with_parameters_becomes_a_strategy_with_bounds(write):
    path = write(
        '''
        """Rising over some bars.

        More words.
        """
        PARAMETERS = {"days": (1, 30)}

        def positions(bars, days=3, level: float = 0, *, short=False):
            assert isinstance(days, int) and isinstance(level, float)
            return (bars["close"].diff(days) > level).astype(float)
        '''
    )
    strategy = load_strategy(path)
    assert strategy.name == "mine"
    assert strategy.summary == "Rising over some bars."
    assert [parameter.to_dict() for parameter in strategy.parameters] == [
        {"name": "days", "default": 3.0, "low": 1.0, "high": 30.0, "integer": True, "meaning": ""},
        {"name": "level", "default": 0.0, "low": -1e9, "high": 1e9, "integer": False, "meaning": ""},
        {"name": "short", "default": 0.0, "low": 0.0, "high": 1.0, "integer": True, "meaning": ""},
    ]
    assert strategy.positions(BARS).tolist() == RISING.tolist()
    with pytest.raises(InvalidInput, match=r"'days' should be a whole number in 1..30, got 31"):
        strategy.positions(BARS, days=31)


def test_a_registered_name_and_a_path_as_text_work_at_the_same_door(write):
    path = write("def positions(bars):\n    return [1.0] * len(bars)\n")
    assert load_strategy("momentum") is strategy_named("momentum")
    assert load_strategy(str(path)).positions(BARS).eq(1.0).all()
    assert as_strategy(path).positions(BARS).eq(1.0).all()


def test_a_rule_in_the_file_refuses_combinations(write):
    path = write(
        """
        def rule(fast, slow):
            return None if fast < slow else "fast should be below slow"

        def positions(bars, fast=2, slow=5):
            return bars["close"] * 0.0
        """
    )
    with pytest.raises(InvalidInput, match="fast should be below slow; got fast=9, slow=5"):
        load_strategy(path).values({"fast": 9})


def test_files_of_one_name_in_two_folders_are_apart(write):
    first = load_strategy(write("LEVEL = 1.0\ndef positions(bars):\n    return [LEVEL] * len(bars)\n", "a/mine.py"))
    second = load_strategy(write("LEVEL = 0.5\ndef positions(bars):\n    return [LEVEL] * len(bars)\n", "b/mine.py"))
    assert first.positions(BARS).eq(1.0).all()
    assert second.positions(BARS).eq(0.5).all()
    assert first.code_id != second.code_id


def test_files_of_the_same_folder_are_imported_by_a_dot_and_belong_to_the_code(write):
    path = write("from .levels import LEVEL\ndef positions(bars):\n    return [LEVEL] * len(bars)\n")
    write("from .deeper import LEVEL\n", "levels.py")
    write("LEVEL = 0.5\n", "deeper.py")
    before = load_strategy(path)
    write("LEVEL = 0.25  # less\n", "deeper.py")
    after = load_strategy(path)
    assert before.positions(BARS).eq(0.5).all()
    assert after.positions(BARS).eq(0.25).all()
    assert before.code_id != after.code_id
    assert "levels" not in sys.modules


def test_an_edited_file_is_read_anew_at_once(write):
    text = "def positions(bars):\n    return [0.{}] * len(bars)\n"
    ids = set()
    for digit in (1, 2, 3):
        strategy = load_strategy(write(text.format(digit)))
        assert strategy.positions(BARS).iloc[0] == digit / 10
        ids.add(strategy.code_id)
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_of_that_name\n", r"ModuleNotFoundError.*line 1: import nothing_of_that_name"),
        ("x = 1\ny = x / 0\n", r"ZeroDivisionError: division by zero \(mine.py, line 2: y = x / 0\)"),
        ("def positions(bars:\n", r"SyntaxError.*line 1"),
        ("raise SystemExit(3)\n", r"SystemExit: 3 \(mine.py, line 1"),
        ("from .missing import x\n", r"ModuleNotFoundError"),
        ("import beside\n", r"a file beside it is imported as `from .beside import ...`"),
        ("x = 1\n", r"expected a function positions\(bars\), or STRATEGY"),
        ("def position(bars):\n    pass\n", r"or STRATEGY; it defines position"),
        ("positions = 3\n", r"positions should be a function, got int"),
        ("STRATEGY = 'x'\n", r"STRATEGY should be a Strategy, got str"),
        ("def positions():\n    pass\n", r"got positions\(\)"),
        (
            "def positions(bars, fast):\n    pass\n",
            r"every parameter with a number as its default; got positions\(bars",
        ),
        ("def positions(bars, *rest):\n    pass\n", r"got positions\(bars, \*rest\)"),
        ("def positions(bars, **rest):\n    pass\n", r"got positions\(bars, \*\*rest\)"),
        ("def positions(bars, kind='ema'):\n    pass\n", r"'kind' has the default 'ema'; only numbers are tuned"),
        ("def positions(bars, x=float('nan')):\n    pass\n", r"'x' has the default nan"),
        ("PARAMETERS = {'fsat': (1, 2)}\ndef positions(bars, fast=1):\n    pass\n", r"'fsat', which is no parameter"),
        ("PARAMETERS = {'fast': (5, 9)}\ndef positions(bars, fast=1):\n    pass\n", r"the default does not fit"),
        ("PARAMETERS = {'fast': (9, 5)}\ndef positions(bars, fast=7):\n    pass\n", r"the lower one first"),
        ("PARAMETERS = {'fast': 5}\ndef positions(bars, fast=7):\n    pass\n", r"two numbers \(low, high\), got 5"),
        ("PARAMETERS = [1]\ndef positions(bars, fast=7):\n    pass\n", r"should be a mapping"),
    ],
)
def test_a_file_that_defines_no_strategy_is_refused_with_the_reason(write, text, message):
    write("", "beside.py")
    before = _left_over()
    with pytest.raises(InvalidInput, match=message) as caught:
        load_strategy(write(text))
    assert "mine.py" in str(caught.value)
    if "failed to load" in str(caught.value):
        assert _left_over() == before


def test_what_is_no_file_is_refused(write, tmp_path):
    write("x = 1\n")
    with pytest.raises(NotFound, match=r"did you mean 'mine.py'"):
        load_strategy(tmp_path / "mien.py")
    with pytest.raises(NotFound, match=r"there is no file .*; check the path"):
        load_strategy(tmp_path / "no" / "mine.py")
    with pytest.raises(NotFound, match=r"did you mean 'sma_crossover'.*or give a .py file"):
        load_strategy("sma_crosover")
    with pytest.raises(InvalidInput, match=r"expected a .py file"):
        load_strategy(tmp_path)
    (tmp_path / "latin.py").write_bytes(b"# \xff\n")
    with pytest.raises(InvalidInput, match="is no UTF-8 text"):
        load_strategy(tmp_path / "latin.py")
    with pytest.raises(InvalidInput, match="a strategy file has at most"):
        load_strategy(write("#" * 1_100_000, "huge.py"))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return bars['Close']", r"KeyError: 'Close' \(mine.py, line 2: return bars\['Close'\]\)"),
        ("return None", "returned nothing"),
        ("return bars['close'].iloc[1:] * 0", r"119 rows from .*Nothing is aligned by guess"),
        ("return (bars['close'] * 0).reset_index(drop=True)", "120 rows labelled by int64"),
        ("return (bars['close'] * 0).shift(1)", r"got nan at bar 0 .*1 in all: .*fillna"),
        ("return (bars['close'] * 0).to_numpy()[5:]", r"got shape \(115,\)"),
        ("return bars[['close', 'open']]", r"one column, got 2: \['close', 'open'\]"),
        ("return ['long'] * len(bars)", r"got list of <U4, such as .*long"),
        ("return ['1'] * len(bars)", r"got list of <U1"),
        ("return 1.0", r"got shape \(\)"),
        ("return [1j] * len(bars)", "complex128"),
        ("return bars['close'] * float('inf')", "got inf at bar 0"),
        ("return [[1], [1, 2]]", "array of numbers"),
    ],
)
def test_an_answer_that_is_not_one_number_a_bar_is_refused(write, body, message):
    strategy = load_strategy(write(f"def positions(bars):\n    {body}\n"))
    with pytest.raises(InvalidInput, match=message):
        strategy.positions(BARS)


def test_true_and_false_and_nullable_numbers_count_as_numbers():
    up = as_strategy(lambda bars: bars["close"] > bars["open"]).positions(BARS)
    assert up.tolist() == (BARS["close"] > BARS["open"]).astype(float).tolist()
    whole = as_strategy(lambda bars: pd.Series(1, index=bars.index, dtype="Int64")).positions(BARS)
    assert whole.eq(1.0).all()


def test_a_function_that_changes_its_bars_changes_a_copy():
    before = BARS.copy()

    def careless(bars):
        bars["close"] = 0.0
        return bars["close"]

    as_strategy(careless).positions(BARS)
    pd.testing.assert_frame_equal(BARS, before)


def test_given_positions_are_a_strategy_for_the_bars_they_belong_to():
    assert as_strategy(RISING).positions(BARS).tolist() == RISING.tolist()
    assert as_strategy(RISING.to_numpy()).positions(BARS).tolist() == RISING.tolist()
    assert as_strategy(RISING).code_id != as_strategy(RISING.shift(1, fill_value=0.0)).code_id
    with pytest.raises(InvalidInput, match="Nothing is aligned by guess"):
        as_strategy(RISING).positions(BARS.iloc[1:])
    with pytest.raises(InvalidInput, match="got shape"):
        as_strategy(RISING.to_numpy()).positions(BARS.iloc[1:])
    with pytest.raises(InvalidInput, match="got nan at bar 0"):
        as_strategy(np.array([np.nan, 1.0]))


@pytest.mark.parametrize(
    ("subject", "message"), [(3, "got int"), (Strategy, "not the class Strategy"), (None, "NoneType")]
)
def test_anything_else_is_no_strategy(subject, message):
    with pytest.raises(InvalidInput, match=message):
        as_strategy(subject)


def after_a_rise(bars, out, days=3, level: float = 0.0):
    """Long after a rise."""
    closes = bars[3]
    for t in range(out.shape[0]):
        out[t] = 1.0 if t >= days and closes[t] - closes[t - days] > level else 0.0


def test_a_compiled_function_of_arrays_runs_as_the_plain_one_does():
    strategy = compiled_strategy(after_a_rise, bounds={"days": (1, 20)})
    assert strategy.compiled
    assert strategy.summary == "Long after a rise."
    assert strategy.names == ("days", "level")
    assert strategy.positions(BARS).tolist() == RISING.tolist()
    assert as_strategy(njit(after_a_rise)).positions(BARS).tolist() == RISING.tolist()


def test_a_compiled_function_without_parameters_works():
    @compiled_strategy
    def always(bars, out):
        for t in range(out.shape[0]):
            out[t] = 0.5

    assert always.positions(BARS).eq(0.5).all()
    assert always.evaluate(bar_arrays(BARS), always.values()).shape == (120,)


def test_what_cannot_be_compiled_is_refused():
    with pytest.raises(InvalidInput, match="cannot be compiled: TypingError"):

        @compiled_strategy
        def hopeless(bars, out):
            out[0] = bars.rolling(3)

    with pytest.raises(InvalidInput, match="every parameter with a number as its default"):
        compiled_strategy(lambda bars: bars)


def test_compiled_strategies_are_found_in_files(write):
    path = write(
        '''
        from numba import njit

        from augury.strategies import compiled_strategy

        @njit
        def rose(closes, t, days):
            return t >= days and closes[t] > closes[t - days]

        @compiled_strategy(bounds={"days": (1, 50)})
        def positions(bars, out, days=3):
            """Long after a rise."""
            for t in range(out.shape[0]):
                out[t] = 1.0 if rose(bars[3], t, days) else 0.0
        '''
    )
    strategy = load_strategy(path)
    assert strategy.compiled
    assert strategy.name == "mine"
    assert strategy.positions(BARS).tolist() == RISING.tolist()
    again = load_strategy(path)
    assert again.code_id == strategy.code_id
    plain = write(
        """
        from numba import njit

        PARAMETERS = {"days": (1, 50)}

        @njit
        def positions(bars, out, days=3):
            for t in range(out.shape[0]):
                out[t] = 1.0 if t >= days and bars[3, t] > bars[3, t - days] else 0.0
        """,
        "plain.py",
    )
    assert load_strategy(plain).positions(BARS).tolist() == RISING.tolist()


def test_the_code_of_a_shipped_strategy_covers_the_functions_it_calls():
    text = strategy_named("keltner_breakout").form.text()
    assert "def keltner_breakout" in text
    assert "def closes_and_true_ranges" in text
    assert "def next_position" in text
    assert strategy_named("keltner_breakout").code_id != strategy_named("donchian_breakout").code_id


def test_a_function_is_known_by_its_text_and_what_it_closes_over():
    def of(level):
        return strategy_from_function(lambda bars: bars["close"] > level)

    assert of(1.0).code_id == of(1.0).code_id
    assert of(1.0).code_id != of(2.0).code_id


def test_a_compiled_function_can_be_called_by_its_address_as_engines_do():
    strategy = compiled_strategy(after_a_rise)
    matrix, values, out = bar_arrays(BARS).matrix, strategy.values({"days": 3}), np.empty(len(BARS))

    @njit
    def engine(address, inputs, params, target):
        call_positions(address, (inputs, params, target))

    engine(positions_address(strategy.form.positions), matrix, values, out)
    assert out.tolist() == RISING.tolist()
