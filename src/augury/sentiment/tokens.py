"""Financial text as tokens: words, tickers, numbers with sign and unit, percentages."""

from __future__ import annotations

import re

__all__ = ["MAX_CHARACTERS", "number_class", "number_value", "tokenize"]

MAX_CHARACTERS = 2_000  # a headline has about 80; what follows the lead of a long post rarely changes its sense

_ADDRESS = re.compile(r"https?://\S+|www\.\S+")
_TOKEN = re.compile(
    r"[^\W\d_]+(?:[&'][^\W\d_]+)*"  # a word, d&d and don't included
    r"|(?:(?<!\w)[+-])?[$€£₹]?\d[\d.,/]*(?:\s?%|\s?(?:mn|mln|m|bn|b|k|cr|crore|lakh|million|billion)\b)?"  # an amount
    r"|\$[a-z]{1,6}(?:\.[a-z])?\b"  # a ticker
    r"|[@#]\w+"
    r"|[?!…:;]|\.(?=\s)"
)
_NUMBER = re.compile(r"(\d[\d.,]*)\s?(%|[a-z]+)?$")
_UNITS = {"k": 1e3, "lakh": 1e5, "m": 1e6, "mn": 1e6, "mln": 1e6, "million": 1e6, "cr": 1e7, "crore": 1e7}
_BILLIONS = {"b": 1e9, "bn": 1e9, "billion": 1e9}


def tokenize(text: str) -> list[str]:
    """The tokens of the first MAX_CHARACTERS characters, in lower case, without web addresses.

    >>> tokenize("$ESS: BTIG cuts target 5% to $1.2bn")
    ['$ess', ':', 'btig', 'cuts', 'target', '5%', 'to', '$1.2bn']
    """
    lead = text[:MAX_CHARACTERS].lower().replace("\u2019", "'")
    if "http" in lead or "www." in lead:
        lead = _ADDRESS.sub(" ", lead)
    return _TOKEN.findall(lead)


def number_class(token: str) -> str:
    """The token with what is particular to this text taken out: which number, which ticker, which person.

    >>> [number_class(token) for token in ("-2.5%", "$1.2bn", "$ess", "profit")]
    ['<-%>', '<#>', '<ticker>', 'profit']
    """
    first = token[0]
    if first == "@":
        return "<handle>"
    if first == "$" and token[1].isalpha():
        return "<ticker>"
    if first.isdigit() or first in "+-$€£₹":
        sign = first if first in "+-" else ""
        return f"<{sign}%>" if token[-1] == "%" else f"<{sign}#>"
    return token


def number_value(token: str) -> float | None:
    """The amount a token states, its unit counted (percent as it stands), or None if it states none.

    >>> number_value("2.5 crore"), number_value("profit")
    (25000000.0, None)
    """
    found = _NUMBER.search(token)
    if found is None:
        return None
    digits, unit = found.groups()
    try:
        value = float(digits.replace(",", "").rstrip("."))
    except ValueError:
        return None
    return value * _UNITS.get(unit or "", _BILLIONS.get(unit or "", 1.0))
