"""What the options of operations that name files and folders may hold beside paths: names, words, labels."""

from __future__ import annotations

import re

from augury import features, sentiment, strategies
from augury.operations.operation import Place, is_one_of

__all__ = [
    "BARS",
    "CONTENDERS",
    "LEDGER",
    "LEDGER_IS_LOCAL",
    "RUNS_CODE",
    "SENTIMENT",
    "SPLITS",
    "STRATEGY",
    "SUBJECT",
    "WRITTEN",
]


_LABEL = r"[A-Za-z0-9_-]+="


def _is_strategy(text: str) -> bool:
    return text in strategies.strategy_names()


def _is_contender(text: str) -> bool:
    return _is_strategy(re.sub(f"^{_LABEL}", "", text))


def _is_subject(text: str) -> bool:
    return _is_strategy(text) or text.partition("(")[0].strip() in features.definitions()


def _is_sentiment_model(text: str) -> bool:
    return text in sentiment.model_names()


WRITTEN = Place(written=True)
"""A file or folder that the operation makes."""
BARS = Place(is_name=is_one_of("sample"))
"""Files of bars, or the word for the bundled ones."""
SPLITS = Place(is_name=is_one_of("none", "detect"))
"""A table of corporate actions, or a rule."""
STRATEGY = Place(is_name=_is_strategy)
"""A strategy's name, its file, or a model's folder."""
CONTENDERS = Place(is_name=_is_contender, before=_LABEL)
"""The same under a label."""
SUBJECT = Place(is_name=_is_subject)
"""A strategy, a feature with its options, or a file of code."""
SENTIMENT = Place(is_name=_is_sentiment_model)
"""A sentiment model's name, or the folder of one."""
LEDGER = Place(written=True, is_name=is_one_of("off"))
"""The ledger's file, or none."""
LEDGER_IS_LOCAL = "results are written to the ledger of the server, or with off to none"
RUNS_CODE = "it runs the code that a recorded run holds, which nobody may send"
"""Why what runs a capsule again is not offered over a network."""
