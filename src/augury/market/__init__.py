"""Bars and news: read, checked, judged, stored, resampled and joined by what was known when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

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
    from augury.market.sectors import read_sectors
    from augury.market.store import BarStore, BarStoreSpec, Damage, DamagedStore, StoredSeries
    from augury.market.timeframe import Timeframe, close_times, infer_timeframe
    from augury.market.times import instant, iso
    from augury.market.validate import check_bar_arrays, valid_arrays, validate_bars

__all__ = [
    "BAR_COLUMNS",
    "BarArrays",
    "BarStore",
    "BarStoreSpec",
    "CleanChange",
    "CleanReport",
    "Damage",
    "DamagedStore",
    "Finding",
    "NewsItem",
    "QualityReport",
    "QualitySpec",
    "StoredSeries",
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
    "read_sectors",
    "read_universe",
    "resample",
    "valid_arrays",
    "validate_bars",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "BAR_COLUMNS": "augury.market.bars",
        "BarArrays": "augury.market.bars",
        "BarStore": "augury.market.store",
        "BarStoreSpec": "augury.market.store",
        "CleanChange": "augury.market.cleaning",
        "CleanReport": "augury.market.cleaning",
        "Damage": "augury.market.store",
        "DamagedStore": "augury.market.store",
        "Finding": "augury.market.findings",
        "NewsItem": "augury.market.news",
        "QualityReport": "augury.market.findings",
        "QualitySpec": "augury.market.judging",
        "StoredSeries": "augury.market.store",
        "Timeframe": "augury.market.timeframe",
        "asof_join": "augury.market.asof",
        "asof_positions": "augury.market.asof",
        "bar_arrays": "augury.market.bars",
        "bars_frame": "augury.market.bars",
        "check_bar_arrays": "augury.market.validate",
        "clean": "augury.market.cleaning",
        "close_times": "augury.market.timeframe",
        "infer_timeframe": "augury.market.timeframe",
        "instant": "augury.market.times",
        "iso": "augury.market.times",
        "news_from_frame": "augury.market.news_tables",
        "news_to_frame": "augury.market.news_tables",
        "quality_by_symbol": "augury.market.quality",
        "quality_of_file": "augury.market.quality_files",
        "quality_report": "augury.market.quality",
        "read_bars": "augury.market.read",
        "read_news": "augury.market.news_files",
        "read_sectors": "augury.market.sectors",
        "read_universe": "augury.market.read",
        "resample": "augury.market.resampling",
        "valid_arrays": "augury.market.validate",
        "validate_bars": "augury.market.validate",
    },
)
