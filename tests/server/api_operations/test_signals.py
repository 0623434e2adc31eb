"""Stored signals over REST."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from augury_server.signals.models import StoredSignal, Universe

DAY_NS = 86_400 * 10**9
START_NS = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 10**9


@pytest.fixture
def stored() -> Any:
    """Nine signals of two universes: three tickers over three days, and a revision of one."""

    def make() -> list[StoredSignal]:
        Universe.objects.create(name="tech", timeframe="1D")
        rows = []
        for number in range(9):
            day, ticker = divmod(number, 3)
            rows.append(_row(number, day, "ABC"[ticker], "BUY" if number % 2 else "HOLD"))
        rows.append(_row(9, 2, "A", "SELL", revision=1))
        rows.append(_row(10, 2, "Z", "SELL", universe="other"))
        return StoredSignal.objects.bulk_create(rows)

    return make


def _row(number: int, day: int, ticker: str, kind: str, **changes: Any) -> StoredSignal:
    at = START_NS + day * DAY_NS
    made: dict[str, Any] = {
        "id": UUID(int=number + 1), "universe": "tech", "timeframe": "1D", "ticker": ticker, "timestamp_ns": at,
        "known_at_ns": at + changes.get("revision", 0), "signal_type": kind, "confidence": 0.5, "risk_level": "LOW",
        "is_high_conviction": False, "close": 10.0, "rule_code": "R1", "spec_id": "s", "rules_id": "r",
        "data_id": f"d{number}", "reasons": [{"code": "R1", "text": "because"}],
        "created_at": datetime(2026, 2, 1, tzinfo=UTC), **changes,
    }  # fmt: skip
    return StoredSignal(**made)


def _walk(client: Any, place: str) -> list[str]:
    seen: list[str] = []
    for _ in range(20):
        page = client.get(place)
        assert page.status_code == 200, page.text
        seen += [signal["id"] for signal in page.json()["signals"]]
        if "link" not in page.headers:
            return seen
        place = page.links["next"]["url"]
    raise AssertionError("the pages do not end")


def test_signals_are_walked_newest_first_each_once(api_both: Any, stored: Any) -> None:
    rows = [row for row in stored() if row.revision == 0]
    wanted = [str(row.pk) for row in sorted(rows, key=lambda row: (-row.timestamp_ns, row.pk))]
    assert _walk(api_both.client(), "/signals?limit=4") == wanted
    assert _walk(api_both.client(), "/signals") == wanted


def test_filters_choose_and_combine(api: Any, stored: Any) -> None:
    stored()
    client = api.client()

    def chosen(query: str) -> set[tuple[str, str, str]]:
        found = client.get(f"/signals?{query}").json()["signals"]
        return {(one["universe"], one["ticker"], one["timestamp"][:10]) for one in found}

    assert chosen("universe=other") == {("other", "Z", "2026-01-03")}
    assert chosen("universe=nothing") == set()
    assert len(chosen("ticker=A")) == 3
    assert chosen("ticker=A&type=BUY") == {("tech", "A", "2026-01-02")}
    assert len(chosen("since=2026-01-02T00:00:00%2B00:00")) == 7
    assert chosen("universe=tech&ticker=B&since=2026-01-03T00:00:00Z") == {("tech", "B", "2026-01-03")}
    assert set(_walk(client, "/signals?ticker=A&limit=1")) == {str(UUID(int=number)) for number in (1, 4, 7)}


def test_what_is_no_filter_is_refused(api: Any) -> None:
    for query in ("type=KEEP", "since=yesterday", "since=2026-01-02", "limit=0", "cursor=WzEsMl0", "tickr=A"):
        assert api.client().get(f"/signals?{query}").status_code == 422, query
    assert api.client(None).get("/signals").status_code == 401


def test_a_universe_shows_the_latest_signal_of_each_ticker_on_its_newest_data(api_both: Any, stored: Any) -> None:
    stored()
    shown = api_both.client().get("/signals/tech").json()
    assert (shown["universe"], shown["timeframe"]) == ("tech", "1D")
    latest = [(one["ticker"], one["timestamp"][:10], one["revision"], one["signal_type"]) for one in shown["signals"]]
    assert latest == [("A", "2026-01-03", 1, "SELL"), ("B", "2026-01-03", 0, "BUY"), ("C", "2026-01-03", 0, "HOLD")]
    answer = api_both.client().get("/signals/tec")
    assert answer.status_code == 404
    assert "did you mean 'tech'" in answer.json()["detail"]
