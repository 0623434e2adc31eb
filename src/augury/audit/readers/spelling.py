"""How tools and people call the columns of trades and curves; nothing is guessed beyond these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from augury.market.columns import find_columns, plain_name

__all__ = ["CURVE_SPELLINGS", "TRADE_SPELLINGS", "curve_columns", "looks_like", "trade_columns"]

TRADE_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "symbol": ("symbol", "ticker", "pair", "instrument", "asset", "market", "column", "security"),
    "side": ("side", "direction", "type", "tradetype", "longshort", "positionside", "isshort", "long", "buysell"),
    "entry_time": (
        "entrytime", "entrytimestamp", "entrydate", "entrydatetime", "entryat", "entered", "enteredat", "opendate",
        "opentime", "opentimestamp", "opened", "openedat", "datetimein", "datein", "timein", "entrydt", "buydate",
    ),
    "exit_time": (
        "exittime", "exittimestamp", "exitdate", "exitdatetime", "exitat", "exited", "exitedat", "closedate",
        "closetime", "closetimestamp", "closed", "closedat", "datetimeout", "dateout", "timeout", "exitdt", "selldate",
    ),
    "units": ("units", "size", "quantity", "qty", "amount", "shares", "contracts", "volume", "lots", "positionsize"),
    "entry_price": ("entryprice", "avgentryprice", "openrate", "openprice", "priceopen", "pricein", "buyprice"),
    "exit_price": ("exitprice", "avgexitprice", "closerate", "closeprice", "priceclose", "priceout", "sellprice"),
    "profit": (
        "profit", "pnl", "profitabs", "profitandloss", "netprofit", "netpnl", "pl", "pnlnet", "realizedpnl",
        "realisedpnl", "pnlcomm", "gainloss",
    ),
    "costs": ("costs", "cost", "commission", "commissions", "fees", "fee", "totalfees", "feesabs", "charges"),
    "entry_costs": ("entryfees", "entryfee", "entrycosts", "entrycommission"),
    "exit_costs": ("exitfees", "exitfee", "exitcosts", "exitcommission"),
    "trade_return": ("return", "returnpct", "profitratio", "tradereturn", "ret", "pnlpct", "returns", "roi"),
    "stop_price": ("sl", "stopprice", "stoploss", "stop", "stoplossabs"),
    "exit_reason": ("exitreason", "reason", "sellreason", "closereason", "exittype", "exitsignal"),
    "status": ("status", "state", "isopen"),
}  # fmt: skip

CURVE_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "timestamp", "date", "datetime", "day", "index", "dt", "ts", "openedat", "month", "level0"),
    "equity": (
        "equity", "value", "portfoliovalue", "balance", "nav", "accountvalue", "account", "networth", "totalvalue",
        "equitycurve", "capital", "totalquote", "portfolio", "cumulativewealth",
    ),
    "cumulative": ("cumulativereturns", "cumulativereturn", "cumreturns", "cumreturn", "cumret"),
    "returns": (
        "returns", "return", "ret", "rets", "dailyreturn", "dailyreturns", "strategyreturns", "strategyreturn",
        "netreturn", "netreturns", "simplereturns", "portfolioreturns", "strategy",
    ),
    "initial_cash": ("initialcash", "initialcapital", "startingbalance", "startvalue"),
}  # fmt: skip


def trade_columns(names: Iterable[object]) -> dict[str, object]:
    """Which column is which part of a trade; InvalidInput when two columns claim the same part."""
    return find_columns(names, TRADE_SPELLINGS)


def curve_columns(names: Iterable[object]) -> dict[str, object]:
    """Which column is time, equity or returns."""
    return find_columns(names, CURVE_SPELLINGS)


def looks_like(names: Iterable[object], wanted: Iterable[str]) -> bool:
    """Whether all of these column names are there, whatever their case, spaces and punctuation."""
    return {plain_name(name) for name in wanted} <= {plain_name(name) for name in names}
