"""The page of a model: every figure with its interval or the reason, nothing from outside, nothing acts as markup."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augury.errors import InvalidInput, NotFound
from augury.report import (
    Estimate,
    FeatureItem,
    FeatureTable,
    FindingItem,
    FoldItem,
    FoldSpan,
    Forecasts,
    GateItem,
    ModelStory,
    ReliabilityBins,
    ScoreItem,
    VerdictItem,
    model_page_html,
    write_model_page,
)
from augury.report.sections.intervals import fine_digits, spread_words
from augury.report.wording import MINUS

EVIL = """<script>alert(1)</script>'"&</style><img src=x onerror=alert(2)>\u2028"""
VOID = {"meta", "link", "i", "path"}


class Tags(HTMLParser):
    """Every tag with its attributes, and whether elements close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID - {"i"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, name: str) -> list[str]:
        return [str(attributes[name]) for _, attributes in self.tags if name in attributes]

    def sections(self) -> list[str]:
        return [str(attributes["id"]) for tag, attributes in self.tags if tag == "section"]


def test_sections_stand_in_order_and_links_lead_to_them(model_story: ModelStory) -> None:
    tags = Tags(model_page_html(model_story))
    assert tags.open == []
    assert tags.sections() == [
        "verdict", "figures", "gains", "scores", "forecasts", "equity", "importance", "folds", "data", "findings",
        "provenance",
    ]  # fmt: skip
    ids = tags.of("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in tags.of("href") if link.startswith("#")} <= set(ids)
    assert set(tags.of("aria-labelledby")) <= set(ids)


def test_the_page_asks_nobody_for_anything(model_story: ModelStory) -> None:
    page = model_page_html(model_story)
    assert not re.search(r"https?://|//[a-z]+\.|@import|url\(", page)
    assert "default-src 'none'" in page
    tags = Tags(page)
    assert tags.of("src") == []
    assert [link for link in tags.of("href") if not link.startswith("#")] == ["data:,"]
    assert len(page.encode()) < 200_000
    assert page == model_page_html(model_story)


def hostile(value: Any) -> Any:
    """The same record with every text in it replaced."""
    if isinstance(value, str):
        return EVIL
    if isinstance(value, tuple):
        return tuple(hostile(item) for item in value)
    if isinstance(value, dict):
        return {EVIL + str(at): hostile(item) for at, item in enumerate(value.values())}
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, FoldSpan):
        kept = ("unit",)
        return replace(
            value, **{each.name: hostile(getattr(value, each.name)) for each in fields(value) if each.name not in kept}
        )
    return value


def test_nothing_written_in_a_story_acts_as_markup(model_story: ModelStory) -> None:
    absent = replace(
        hostile(replace(model_story, account=None)), missing=dict.fromkeys(("equity", "calibration"), EVIL)
    )
    page = model_page_html(replace(absent, importance=(), missing={**absent.missing, "importance": EVIL}))
    for text in (page, model_page_html(replace(hostile(replace(model_story, account=None)), account=None))):
        tags = Tags(text)
        assert [tag for tag, _ in tags.tags].count("script") == 1
        assert "img" not in [tag for tag, _ in tags.tags]
        assert not any(name.startswith("on") for _, attributes in tags.tags for name in attributes)
        assert tags.open == []


def test_every_figure_has_its_interval_or_the_reason_why_not(model_story: ModelStory) -> None:
    page = model_page_html(model_story)
    scores = page.split('id="scores"')[1].split("</section>")[0]
    assert "0.6911" in scores
    assert "0.6871 to 0.6951" in scores
    assert "no interval: 12 distinct times; at least 20 are needed" in scores
    gains = page.split('id="gains"')[1].split("</section>")[0]
    assert "<b>0.012</b>" in gains
    assert "0.002 to 0.023" in gains
    assert "no interval: 12 distinct times" in gains
    figures = re.findall(r'<span class="figure"><b>.*?</b> <small>(.*?)</small>', page)
    assert len(figures) >= 30
    assert all(" to " in each or each.startswith("no interval: ") for each in figures)
    assert all(
        " to " in each or "no interval: " in each for each in re.findall(r'<span class="error">(.*?)</span>', page)
    )


def test_fractions_become_percent_and_numbers_keep_two_digits_of_their_interval() -> None:
    growth = Estimate(value=0.104, low=-0.042, high=0.251, unit="fraction")
    assert spread_words(growth, fine_digits([growth])) == f"{MINUS}4.2 to 25.1\N{NO-BREAK SPACE}%"
    narrow = Estimate(value=0.00012, low=0.00010, high=0.00014)
    assert fine_digits([narrow]) == 6
    assert fine_digits([Estimate(value=5.0, low=-20.0, high=30.0)]) == 2
    assert fine_digits([Estimate(value=0.0)]) == 2
    assert spread_words(Estimate(value=1.0), 2) == "no interval: not computed"


def test_bins_counts_and_outcomes_are_drawn_and_told(model_story: ModelStory) -> None:
    part = model_page_html(model_story).split('id="forecasts"')[1].split("</section>")[0]
    bins = model_story.forecasts[0].bins
    assert bins is not None
    assert part.count("line stem") == len(bins.rows)
    assert part.count("<tr>") == 1 + len(bins.rows)
    assert "perfectly calibrated" in part
    group = model_story.forecasts[0].group
    assert f"up, {int(group.sum()):,} rows" in part
    assert f"down, {int((group == 0).sum()):,} rows" in part


def test_equal_predictions_are_said_to_tell_nothing(model_story: ModelStory) -> None:
    flat = replace(model_story.forecasts[0], predicted=np.full(900, 0.5266), bins=None)
    assert "Every prediction is the same, 52.66%" in model_page_html(replace(model_story, forecasts=(flat,)))


def test_folds_lie_on_the_time_axis_where_their_times_say(model_story: ModelStory) -> None:
    part = model_page_html(model_story).split('id="folds"')[1].split("</section>")[0]
    first, second = part.split("</li>")[-3:-1]
    drawn = re.findall(r'<i class="f(\d)" style="left:([\d.]+)%;width:([\d.]+)%"', first)
    assert [kind for kind, _, _ in drawn] == ["1", "3", "2", "4", "1"]
    assert float(drawn[2][1]) == pytest.approx(100 * 305 / 1500, abs=0.01)
    assert float(drawn[2][2]) == pytest.approx(100 * 295 / 1500, abs=0.01)
    assert re.findall(r'class="f5" style="left:([\d.]+)%;width:([\d.]+)%"', second) == [("80.00", "20.00")]
    assert "20 dropped" in first


def test_long_lists_are_cut_and_the_page_says_so(model_story: ModelStory) -> None:
    page = model_page_html(replace(model_story, folds=(*model_story.folds[:1] * 100, model_story.folds[1])))
    many = model_page_html(replace(model_story, symbols=model_story.symbols * 45))
    assert "5 more symbols are not drawn." in many
    assert "The 5 least of 30 are not shown." in page
    assert "61 more folds are not drawn." in page
    assert "Delivered" in page


def test_absent_parts_leave_no_empty_section_and_reasons_are_told() -> None:
    bare = model_page_html(ModelStory(title="Bare"))
    assert Tags(bare).sections() == ["verdict"]
    assert "was not judged on time that it had not seen" in bare
    told = ModelStory(
        title="Told",
        missing={"calibration": "a regression has no probabilities", "equity": "not asked for", "importance": "charts"},
    )
    page = model_page_html(told)
    assert Tags(page).sections() == ["verdict", "forecasts", "equity", "importance"]
    for words in ("No reliability diagram: a regression has", "No account: not asked for.", "No importance: charts."):
        assert words in page


NAN = float("nan")


@pytest.mark.parametrize("value", [NAN, 0.0, 1e-12, -1e9, 5e6])
def test_odd_figures_are_drawn_without_a_broken_number(value: float, model_story: ModelStory) -> None:
    odd = Estimate(value=value, low=value, high=value)
    half = Estimate(value=value, low=NAN, high=1.0, reason="undefined")
    items = (ScoreItem(title="odd", held_out=odd, validated=half), ScoreItem(title="nothing"))
    one = Forecasts(
        title="One", event="value", predicted=np.array([1.0]), group=np.array([0]), groups=("only",), unit="ratio",
        bins=ReliabilityBins(
            predicted=np.ones(1), observed=np.ones(1), low=np.ones(1), high=np.ones(1), rows=np.ones(1, np.int64)
        ),
    )  # fmt: skip
    none = Forecasts(title="Empty", event="value", predicted=np.empty(0), group=np.empty(0, np.int64), groups=("a",))
    fold = FoldItem(name="x", spans=(FoldSpan(kind="tested", first_ns=0, last_ns=0),), trained=1, tested=1, dropped=0)
    page = model_page_html(
        replace(
            model_story, gain=odd, figures=items, gains=items, scores=items, earnings=items, symbols=items,
            forecasts=(one, none),
            importance=(FeatureTable(title="One", items=(FeatureItem(feature="f", estimate=odd),)),),
            folds=(fold,),
        )
    )  # fmt: skip
    Tags(page)
    shown = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"\b(nan|inf|-inf|None|NaN|Infinity)\b", shown)


def test_what_is_missed_and_what_to_do_about_it_stands_on_the_page(model_story: ModelStory) -> None:
    verdict = VerdictItem(
        level="no better than its baseline",
        headline="No better.",
        gates=(GateItem(name="Beats", value=None, bound=None, passed=False, explanation="why", remedy="do that"),),
        findings=(FindingItem(severity="serious", text="weak", remedy="look elsewhere"),),
    )
    page = model_page_html(replace(model_story, verdict=verdict))
    assert '<div class="verdict fair">' in page
    assert "0 of 1 conditions met" in page
    for words in ("Why.", "Do that.", "Weak.", "Look elsewhere."):
        assert words in page


def test_records_of_different_lengths_are_refused() -> None:
    with pytest.raises(InvalidInput, match="as many groups as predictions"):
        Forecasts(title="x", event="p", predicted=np.ones(3), group=np.ones(2, np.int64), groups=("a",))
    with pytest.raises(InvalidInput, match="vectors of one length"):
        ReliabilityBins(
            predicted=np.ones(2), observed=np.ones(2), low=np.ones(2), high=np.ones(3), rows=np.ones(2, np.int64)
        )


def test_the_page_appears_whole_or_not_at_all(
    model_story: ModelStory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = write_model_page(model_story, tmp_path / "model.html")
    assert target.read_text(encoding="utf-8") == model_page_html(model_story)
    with pytest.raises(NotFound, match="does not exist; create it first"):
        write_model_page(model_story, tmp_path / "missing" / "model.html")
    with pytest.raises(InvalidInput, match=r"should end in \.html or \.htm"):
        write_model_page(model_story, tmp_path / "model.pdf")

    class Full(OSError):
        pass

    def refuse(self: Path, other: object) -> Path:
        raise Full("no space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(Full):
        write_model_page(ModelStory(title="Another"), target)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["model.html"]
    assert "linear on AAPL" in target.read_text(encoding="utf-8")
