"""Options out of bounds and names that do not exist: usage errors are 2, names in the data are 3."""

from __future__ import annotations

import pytest

from augury.errors import InvalidInput, NotFound
from augury.operations import run

USAGE = [
    (("signals", "FILE", "--last", "0"), "--last 0: expected int >= 1"),
    (("signals", "FILE", "--last", "-3"), "--last -3"),
    (("signals", "FILE", "--last", "two"), "--last"),
    (("signals", "FILE", "--workers", "0"), "--workers 0: expected int >= 1"),
    (("signals", "FILE", "--workers", "1000"), "--workers 1000: expected int <= 64"),
    (("signals", "FILE", "--stamp", "middle"), "'open', 'close'"),
    (("signals", "FILE", "--thresholds", "soft"), "'quantile', 'absolute'"),
    (("signals", "FILE", "--no-such-option"), "No such option"),
    (("features", "FILE", "--rows", "0"), "--rows 0: expected int >= 1"),
    (("quality", "FILE", "--minimum", "200"), "--minimum 200.0: expected float <= 100.0"),
    (("quality", "FILE", "--minimum", "nan"), "--minimum nan"),
    (("sentiment", "x", "--window", "2d"), "'5m', '30m', '1h', '1d'"),
    (("signals",), "Missing argument"),
    (("nonsense",), "No such command"),
    (("",), "No such command"),
]

INPUT = [
    (("signals", "FILE", "--tickers", "APPL"), "no bars of 'APPL' in the files; did you mean 'AAPL'"),
    (("signals", "FILE", "--timeframe", "nonsense"), "expected a timeframe such as 1m"),
    (("signals", "FILE", "--timeframe", "1M"), "months have no fixed length"),
    (("signals", "FILE", "--timeframe", "999999W"), "at most 53 weeks"),
    (("signals", "FILE", "--zone", "Mars/Base"), "zone should be an IANA time zone"),
    (("features", "FILE", "-f", "rsy"), "no feature is named 'rsy'; did you mean 'rsi'"),
    (("features", "FILE", "-f", "rsi(timeperiod=0)"), "option timeperiod = 0: expected int >= 2"),
    (("features", "FILE", "-f", "rsi(timeperiod='x')"), "timeperiod = 'x': expected int, got str"),
    (("features", "FILE", "-f", "rsi(timperiod=3)"), "did you mean 'timeperiod'"),
    (("features", "FILE", "-f", "rsi("), "expected a feature such as"),
    (("features", "FILE", "-f", "__import__('os').system('true')"), "expected a feature such as"),
    (("features", "FILE", "-f", "(" * 5000), "expected a feature such as"),
    (("features", "FILE", "-f", ""), "expected a feature such as"),
    (("sentiment",), "give texts to score"),
    (("sentiment", "x", "--model", "no_such_model"), "no sentiment model 'no_such_model'"),
    (("sentiment", "--news", "no_such.jsonl"), "no_such.jsonl: no such file"),
    (("demo", "--tickers", "APPL"), "did you mean 'AAPL'"),
    (("demo", "--until", "2012-02-30"), "expected a day such as 2012-09-21, got '2012-02-30'"),
    (("demo", "--until", "9999-99-99"), "expected a day such as"),
    (("demo", "--until", "1500-01-01"), "1900 to 2200"),
]


@pytest.fixture
def aapl(good, write):
    return write("AAPL.csv", good.text())


@pytest.mark.parametrize(("arguments", "words"), USAGE, ids=[" ".join(case[0])[:40] for case in USAGE])
def test_a_wrong_option_is_a_usage_error(arguments, words, aapl, fails):
    assert words in fails(2, *(aapl if word == "FILE" else word for word in arguments))


@pytest.mark.parametrize(("arguments", "words"), INPUT, ids=[" ".join(case[0])[:40] for case in INPUT])
def test_a_name_or_value_that_does_not_fit_the_data_is_an_input_error(arguments, words, aapl, fails):
    assert words in fails(3, *(aapl if word == "FILE" else word for word in arguments))


def test_two_columns_of_one_name_are_refused_without_advice_in_python(aapl, fails):
    message = fails(1, "features", aapl, "-f", "rsi", "-f", "rsi")
    assert "'rsi_14'" in message
    assert "drop one of them" in message
    assert "dataclasses" not in message


def test_a_model_that_had_nothing_to_score_is_mentioned(aapl, augury):
    result = augury("signals", aapl, "--model", "lexicon")
    assert result.exit_code == 0
    assert "'lexicon' was not used: no news was given" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("name", "options", "error", "words"),
    [
        ("signls", {}, NotFound, "did you mean 'signals'"),
        ("signals", {"files": "AAPL.csv"}, InvalidInput, "files = 'AAPL.csv'"),
        ("signals", {"files": ["x"], "las": 1}, InvalidInput, "no option 'las'; did you mean 'last'"),
        ("signals", {"files": ["x"], "last": 1.5}, InvalidInput, "last = 1.5"),
        ("signals", {"files": ["x"], "stamp": "middle"}, InvalidInput, "'open', 'close'"),
        ("signals", {"files": []}, InvalidInput, "at least one file"),
        ("features", {"rows": True}, InvalidInput, "rows = True"),
    ],
)
def test_operations_called_from_python_refuse_the_same(name, options, error, words):
    with pytest.raises(error, match=words):
        run(name, **options)
