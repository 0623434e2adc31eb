"""Bars and news: read, checked, judged, resampled and joined by what was known when."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augury.market.asof import asof_join, asof_positions
    from augury.market.bars import BAR_COLUMNS, BarArrays, bar_arrays, bars_frame
    from augury.market.cleaning import CleanChange, CleanReport, clean
    from augury.market.findings import Finding, QualityReport
    from augury.market.judging import QualitySpec
    from augury.market.news import NewsItem
    from augury.market.news_files import read_news
    from augury.market.news_tables import news_from_frame, news_to_frame
    from augury.market.quality import quality_by_symbol, quality_report
    from augury.market.quality_files import quality_of_file
    from augury.market.read import read_bars, read_universe
    from augury.market.resampling import resample
    from augury.market.timeframe import Timeframe, close_times, infer_timeframe
    from augury.market.times import instant, iso
    from augury.market.validate import check_bar_arrays, validate_bars

_HOMES = {
    "BAR_COLUMNS": "bars",
    "BarArrays": "bars",
    "CleanChange": "cleaning",
    "CleanReport": "cleaning",
    "Finding": "findings",
    "NewsItem": "news",
    "QualityReport": "findings",
    "QualitySpec": "judging",
    "Timeframe": "timeframe",
    "asof_join": "asof",
    "asof_positions": "asof",
    "bar_arrays": "bars",
    "bars_frame": "bars",
    "check_bar_arrays": "validate",
    "clean": "cleaning",
    "close_times": "timeframe",
    "infer_timeframe": "timeframe",
    "instant": "times",
    "iso": "times",
    "news_from_frame": "news_tables",
    "news_to_frame": "news_tables",
    "quality_by_symbol": "quality",
    "quality_of_file": "quality_files",
    "quality_report": "quality",
    "read_bars": "read",
    "read_news": "news_files",
    "read_universe": "read",
    "resample": "resampling",
    "validate_bars": "validate",
}

__all__ = [
    "BAR_COLUMNS",
    "BarArrays",
    "CleanChange",
    "CleanReport",
    "Finding",
    "NewsItem",
    "QualityReport",
    "QualitySpec",
    "Timeframe",
    "asof_join",
    "asof_positions",
    "bar_arrays",
    "bars_frame",
    "check_bar_arrays",
    "clean",
    "close_times",
    "infer_timeframe",
    "instant",
    "iso",
    "news_from_frame",
    "news_to_frame",
    "quality_by_symbol",
    "quality_of_file",
    "quality_report",
    "read_bars",
    "read_news",
    "read_universe",
    "resample",
    "validate_bars",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"augury.market.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'augury.market' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
