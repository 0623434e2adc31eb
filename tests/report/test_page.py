"""The page: everything the story holds is on it, nothing comes from outside, nothing written in it acts as markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from augury.market import BarArrays
from augury.report import (
    Benchmark,
    Candles,
    CheckTable,
    Comparison,
    DataFacts,
    FindingItem,
    GateItem,
    Grid,
    MeasureItem,
    NullTest,
    Story,
    Tries,
    VerdictItem,
    page_html,
    story_html,
    story_text,
)
from augury.report.drawing import json_attribute, script_json
from augury.report.wording import MINUS

VOID = {"meta", "link", "br", "input", "path", "i"}
EVIL = """<script>alert(1)</script>'"&</script><img src=x onerror=alert(2)>\u2028"""


class Outline(HTMLParser):
    """Tags, attributes and ids of a page, with a check that elements close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.errors: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID - {"i"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.errors.append(tag)

    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.tags if "id" in attributes]

    def sections(self) -> list[str]:
        return [str(attributes["id"]) for tag, attributes in self.tags if tag == "section"]


def test_sections_stand_in_order_of_importance(story: Story) -> None:
    outline = Outline(page_html(story))
    assert outline.sections() == [
        "verdict", "figures", "equity", "candles", "months", "rolling", "distribution", "chance", "trades", "costs",
        "sensitivity", "checks", "measures", "findings", "run", "provenance",
    ]  # fmt: skip


def test_elements_close_in_order_ids_are_unique_and_links_lead_somewhere(story: Story, make_story: Any) -> None:
    for page in (page_html(story), page_html(Comparison(title="Two", stories=(story, make_story("Other", 10, 50))))):
        outline = Outline(page)
        assert outline.errors == []
        assert outline.open == []
        ids = outline.ids()
        assert len(ids) == len(set(ids))
        links = [str(attributes["href"])[1:] for tag, attributes in outline.tags if tag == "a"]
        assert set(links) <= set(ids)
        named = [attributes["aria-labelledby"] for _, attributes in outline.tags if "aria-labelledby" in attributes]
        assert set(named) <= set(ids)


def test_the_page_names_no_address_and_its_policy_allows_none(story: Story) -> None:
    page = page_html(story)
    assert not re.search(r"https?://|//[a-z]+\.|@import|url\(", page)
    for tag, attributes in Outline(page).tags:
        assert tag not in ("iframe", "object", "embed", "base")
        assert "src" not in attributes
        if tag == "link":
            assert attributes["href"] == "data:,"
    assert "default-src 'none'" in page


def test_the_only_script_that_may_run_is_our_own(story: Story) -> None:
    page = page_html(story)
    (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "unsafe-inline'; img-src" in page
    assert not re.search(r"\son[a-z]+=", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))


def evil_story(story: Story) -> Story:
    trades = story.trades.assign(exit_reason=EVIL)  # type: ignore[union-attr]
    return replace(
        story,
        title=EVIL,
        subtitle=EVIL,
        strategy=EVIL,
        parameters={EVIL: EVIL},
        settings={EVIL: [EVIL, {EVIL: EVIL}]},
        data=DataFacts(symbols=(EVIL,), timeframe=EVIL, fingerprint=EVIL),
        benchmark=Benchmark(name=EVIL, equity=story.benchmark.equity),  # type: ignore[union-attr]
        trades=trades,
        measures=(MeasureItem(name=EVIL, value=None, reason=EVIL, flags=(EVIL,), title=EVIL, convention=EVIL),),
        cost_totals={EVIL: 1.0},
        tests=(NullTest(name=EVIL, null=np.arange(9.0), observed=5.0, p_value=0.5, statistic=EVIL, explanation=EVIL),),
        intervals=(),
        sensitivity=Grid(
            x_name=EVIL, x_values=(EVIL,), y_name=EVIL, y_values=(EVIL,), values=np.ones((1, 1)), measure=EVIL
        ),
        checks=(CheckTable(title=EVIL, columns=(EVIL,), rows=((EVIL,),), note=EVIL),),
        verdict=VerdictItem(
            level=EVIL,
            headline=EVIL,
            gates=(GateItem(name=EVIL, value=1.0, bound=EVIL, passed=False, explanation=EVIL, remedy=EVIL),),
            findings=(FindingItem(severity=EVIL, text=EVIL, remedy=EVIL),),
        ),
        tries=Tries(number=3, source=EVIL),
        notes=(EVIL,),
        provenance={EVIL: EVIL},
    )


def test_markup_in_any_text_stays_text(story: Story) -> None:
    evil = evil_story(story)
    pages = (
        page_html(evil),
        page_html(Comparison(title=EVIL, subtitle=EVIL, notes=(EVIL,), stories=(evil, story))),
        story_html(evil),
    )
    for page in pages:
        outline = Outline(page)
        assert outline.errors == []
        assert all(tag != "img" and "onerror" not in attributes for tag, attributes in outline.tags)
        kinds = [attributes.get("type") for tag, attributes in outline.tags if tag == "script"]
        assert kinds.count(None) <= 1
        assert "alert(1)</script>" not in page


def test_a_fragment_is_light_and_holds_no_script_or_id(story: Story) -> None:
    fragment = story_html(story)
    outline = Outline(fragment)
    assert outline.errors == []
    assert outline.ids() == []
    assert all(tag != "script" for tag, _ in outline.tags)
    assert len(fragment) < 250_000


def test_json_in_the_page_survives_and_cannot_end_its_element() -> None:
    value = {"text": EVIL + "]]>&amp;", "numbers": [1.5, None]}
    for text in (script_json(value), json_attribute(value)):
        assert not set("<>&\u2028") & set(text)
        assert json.loads(text) == value
    assert "'" not in json_attribute(value)


def test_the_same_story_gives_the_same_bytes(story: Story) -> None:
    assert page_html(story) == page_html(story)


def test_the_verdict_comes_first_with_its_error_bar_and_the_number_tried(story: Story) -> None:
    page = page_html(story)
    body = page[page.index("<main") : page.index('id="equity"')]
    assert "Unproven" in body
    assert "95\u00a0% interval, \N{MINUS SIGN}0.06 to 1.27, includes zero" in body
    assert "231 variants tried, about 37 of them independent" in body
    assert "3 of 6 conditions met" in body
    assert "Hold back data that no variant has seen" in page


def test_every_measure_shows_its_error_reason_flag_and_convention(story: Story) -> None:
    page = page_html(story)
    measures = page[page.index('<section id="measures"') :]
    assert "no losing trade" in measures
    assert "not recovered" in measures
    assert "Standard deviation of bar returns (n - 1)" in measures
    assert "±\u00a00.28" in measures


def test_month_cells_compound_to_the_curve(story: Story) -> None:
    page = page_html(story)
    table = page[page.index('<table class="heat">') :]
    table = table[: table.index("</table>")]
    shown = [
        float(cell.replace(MINUS, "-"))
        for cell in re.findall(rf'<td class="(?:up|down)"[^>]*>([{MINUS}0-9.]+)<', table)
    ]
    growth = float(np.prod([1 + value / 100 for value in shown]))
    assert growth == pytest.approx(float(story.equity[-1]) / story.initial_cash, rel=0.05)  # cells are rounded
    assert len(shown) == 157


def test_a_story_without_a_verdict_says_that_nothing_was_judged(story: Story) -> None:
    page = page_html(replace(story, verdict=None))
    assert "figures without their proof" in page
    assert "NOT JUDGED" in story_text(replace(story, verdict=None))


def test_a_page_for_half_a_million_bars_is_bounded_and_says_what_was_thinned() -> None:
    size, minute = 500_000, 60 * 10**9
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 3e-4, size)))
    open_ = np.concatenate(([100.0], close[:-1]))
    opened_at = np.datetime64("2015-01-01", "ns").astype(np.int64) + np.arange(size) * minute
    matrix = np.stack(
        [open_, np.maximum(open_, close) * 1.0001, np.minimum(open_, close) * 0.9999, close, np.ones(size)]
    )
    entry = np.arange(0, size, 10)
    trades = {
        "side": np.where(np.arange(len(entry)) % 2, 1, -1),
        "entry_time": opened_at[entry],
        "exit_time": opened_at[np.minimum(entry + 5, size - 1)],
        "profit_and_loss": rng.normal(0, 10, len(entry)),
        "exit_reason": ["signal"] * len(entry),
    }
    story = Story(
        title="Minutes",
        times=opened_at + minute,
        equity=1_000 * close,
        initial_cash=100_000.0,
        benchmark=Benchmark(name="Flat", equity=np.full(size, 100_000.0)),
        bars=Candles(opened_at=opened_at, matrix=matrix),
        trades=trades,
    )
    page = page_html(story)
    assert len(page.encode()) < 6_000_000
    assert "each candle stands for 13 bars" in page
    assert "of 500,000 closes are drawn" in page
    assert "The page carries the last" in page


def test_a_comparison_shows_curves_measures_correlation_and_verdicts(story: Story, make_story: Any) -> None:
    both = Comparison(title="Two", stories=(story, make_story("Other pair", 10, 50)))
    outline = Outline(page_html(both))
    assert outline.sections()[:4] == ["verdict", "equity", "measures", "correlation"]
    returns = [np.diff(np.log(each.equity)) for each in both.stories]
    expected = np.corrcoef(np.expm1(returns))[0, 1]
    assert f"{expected:.2f}".replace("-", MINUS) in page_html(both).split('id="correlation"')[1]


def test_stories_over_different_times_are_compared_where_they_overlap(make_bare: Any) -> None:
    rng = np.random.default_rng(0)
    long = make_bare(100 * np.cumprod(1 + rng.normal(0, 0.01, 400)))
    short = replace(long, title="Short", times=long.times[200:], equity=long.equity[200:])
    page = page_html(Comparison(title="Overlap", stories=(long, short)))
    assert "Over the 200 closes" in page
    alone = replace(long, title="Later", times=long.times + 10**18)
    assert "too few" in page_html(Comparison(title="Apart", stories=(long, alone)))


DAY = 86_400 * 10**9
ONE = np.array([101.0])
DEGENERATE = {
    "one bar": ONE,
    "two bars": np.array([101.0, 99.0]),
    "never moves": np.full(300, 100.0),
    "all unknown": np.full(300, np.nan),
    "goes negative": np.linspace(100, -50, 300),
    "a gap": np.where(np.arange(300) % 100 < 5, np.nan, np.linspace(100, 130, 300)),
    "tiny": np.linspace(100, 130, 300) * 1e-9,
    "huge": np.linspace(100, 130, 300) * 1e15,
    "twenty years": np.linspace(100, 900, 5_040),
    "ruin": np.concatenate([np.linspace(100, 0, 150), np.zeros(150)]),
}


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.parametrize("spacing", [DAY, 60 * 10**9, 7 * DAY])
def test_odd_curves_render_without_a_broken_number(name: str, spacing: int, make_bare: Any) -> None:
    bare = make_bare(DEGENERATE[name], spacing)
    unknown = MeasureItem(name="sharpe", value=float("nan"), standard_error=float("nan"), reason="too short")
    full = replace(
        bare,
        title="Full",
        measures=(unknown,),
        trades={"entry_time": np.empty(0, np.int64)},
        exposure=DEGENERATE[name] * 0,
    )
    for subject in (bare, full, Comparison(title="Both", stories=(bare, full))):
        page = page_html(subject)
        outline = Outline(page)
        assert outline.errors == []
        shown = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)
        assert not re.search(r"\b(nan|inf|-inf|None|NaN|Infinity)\b", shown), name
    for each in (bare, full):
        assert story_html(each)
        assert max(map(len, story_text(each).splitlines())) <= 80


def test_no_trades_are_said_in_words_and_few_days_are_drawn_by_day(make_bare: Any) -> None:
    fortnight = make_bare(np.linspace(100, 102, 10), DAY)
    page = page_html(replace(fortnight, trades={"entry_time": np.empty(0, np.int64)}))
    assert "There were no trades." in page
    assert "Daily returns" in page
    assert "Monthly returns" not in page


def test_bars_of_the_market_room_are_accepted_as_they_are(make_bare: Any) -> None:
    bare = make_bare(np.linspace(100, 102, 10))
    bars = BarArrays(bare.times - DAY, np.ones((5, 10)))
    assert "candle-data" in page_html(replace(bare, bars=bars))
