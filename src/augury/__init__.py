"""Augury: trading signals that can be trusted, from market data and news to explained decisions.

Names are imported on first use, so `import augury` stays quick and pulls in no compiled kernels.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    raise AttributeError(name)
