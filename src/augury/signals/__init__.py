"""Features, sentiment and rules become explained trading signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.signals.batch import SignalBatch
    from augury.signals.engine import SignalEngine
    from augury.signals.prepared_news import PreparedNews
    from augury.signals.replay import replay_events
    from augury.signals.rule_spec import Condition, Rule, RuleSpec
    from augury.signals.signal import Provenance, Reason, TradingSignal
    from augury.signals.sizing import SizingSpec
    from augury.signals.spec import SignalSpec
    from augury.signals.statistics import EngineStatistics
    from augury.signals.stream import BarEvent, SignalStream

__all__ = [
    "BarEvent",
    "Condition",
    "EngineStatistics",
    "PreparedNews",
    "Provenance",
    "Reason",
    "Rule",
    "RuleSpec",
    "SignalBatch",
    "SignalEngine",
    "SignalSpec",
    "SignalStream",
    "SizingSpec",
    "TradingSignal",
    "replay_events",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "BarEvent": "augury.signals.stream",
        "Condition": "augury.signals.rule_spec",
        "EngineStatistics": "augury.signals.statistics",
        "PreparedNews": "augury.signals.prepared_news",
        "Provenance": "augury.signals.signal",
        "Reason": "augury.signals.signal",
        "Rule": "augury.signals.rule_spec",
        "RuleSpec": "augury.signals.rule_spec",
        "SignalBatch": "augury.signals.batch",
        "SignalEngine": "augury.signals.engine",
        "SignalSpec": "augury.signals.spec",
        "SignalStream": "augury.signals.stream",
        "SizingSpec": "augury.signals.sizing",
        "TradingSignal": "augury.signals.signal",
        "replay_events": "augury.signals.replay",
    },
)
