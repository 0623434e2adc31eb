"""News items: a text about a ticker with the time it was published and the time it could be known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pandas as pd

from augury.errors import InvalidNews

__all__ = ["NewsItem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsItem:
    """One text about one ticker.

    `published_at_ns` is when the source says it appeared, `known_at_ns` when it could first be used (publication,
    ingestion and latency considered); both int64 ns since the epoch, UTC. Known is never before published, or
    InvalidNews is raised. Everything downstream joins on `known_at` only. `source` names the origin for weighting
    ("wire", "social", ...).
    """

    ticker: str
    text: str
    published_at_ns: int
    known_at_ns: int
    source: str = ""

    def __post_init__(self) -> None:
        if self.known_at_ns < self.published_at_ns:
            raise InvalidNews(
                f"{self.ticker}: known_at_ns = {self.known_at_ns} is before published_at_ns = {self.published_at_ns}; "
                "nothing is known before it appears"
            )

    @property
    def id(self) -> str:
        """16 hex digits: the same ticker, source, text and publication time give the same id."""
        parts = "\x1f".join((self.ticker, self.source, str(self.published_at_ns), self.text))
        return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def published_at(self) -> pd.Timestamp:
        """Publication time, UTC."""
        return pd.Timestamp(self.published_at_ns, unit="ns", tz="UTC")

    @property
    def known_at(self) -> pd.Timestamp:
        """When the item could first be used, UTC."""
        return pd.Timestamp(self.known_at_ns, unit="ns", tz="UTC")
