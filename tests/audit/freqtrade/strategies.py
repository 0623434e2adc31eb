"""Two strategies for freqtrade; loaded by freqtrade itself."""

from __future__ import annotations

from freqtrade.strategy import IStrategy
from pandas import DataFrame


class Crossing(IStrategy):
    """Hold while the average of 5 closes is above that of 20; stop at 8 percent."""

    INTERFACE_VERSION = 3
    timeframe = "1d"
    stoploss = -0.08
    minimal_roi = {"0": 10.0}  # noqa: RUF012
    startup_candle_count = 20

    def populate_indicators(self, dataframe: DataFrame, metadata: dict) -> DataFrame:  # noqa: ARG002
        dataframe["fast"] = dataframe["close"].rolling(5).mean()
        dataframe["slow"] = dataframe["close"].rolling(20).mean()
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict) -> DataFrame:  # noqa: ARG002
        dataframe.loc[dataframe["fast"] > dataframe["slow"], "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict) -> DataFrame:  # noqa: ARG002
        dataframe.loc[dataframe["fast"] < dataframe["slow"], "exit_long"] = 1
        return dataframe


class Breakout(Crossing):
    """Enter on the highest close of 20 days, leave on the lowest of 10."""

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict) -> DataFrame:  # noqa: ARG002
        dataframe.loc[dataframe["close"] >= dataframe["close"].rolling(20).max(), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict) -> DataFrame:  # noqa: ARG002
        dataframe.loc[dataframe["close"] <= dataframe["close"].rolling(10).min(), "exit_long"] = 1
        return dataframe
