"""The page in a real browser: silent, without network, and alive. Skipped where Chromium or Playwright is missing."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augury.report import Comparison, ModelStory, Story, write_model_page, write_page

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Watched:
    """A page whose console and requests are written down."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.heard: list[str] = []
        page.on("console", lambda message: self.heard.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        page.on("request", lambda request: self.heard.append(request.url) if self.foreign(request.url) else None)

    @staticmethod
    def foreign(url: str) -> bool:
        return not url.startswith(("file:", "data:"))

    def show(self, path: Path) -> Any:
        self.page.goto(path.as_uri())
        self.page.wait_for_function("document.querySelector('button.theme').hidden === false")
        return self.page


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on the path")
    with sync_api.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def watched(browser: Any) -> Iterator[Watched]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    seen = Watched(context.new_page())
    yield seen
    context.close()
    assert seen.heard == []


@pytest.fixture(scope="module")
def written(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(story, tmp_path_factory.mktemp("pages") / "run.html")


def test_nothing_is_asked_of_the_network_and_no_error_is_heard(watched: Watched, written: Path) -> None:
    page = watched.show(written)
    page.mouse.wheel(0, 20_000)
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0


@pytest.mark.parametrize("width", [390, 820, 1440])
@pytest.mark.parametrize("kind", ["story", "comparison"])
def test_the_page_never_scrolls_sideways(
    width: int, kind: str, watched: Watched, story: Story, make_story: Any, tmp_path: Path
) -> None:
    others = tuple(make_story(f"A rather long name of a strategy, number {at}", 5 + at, 60) for at in range(4))
    subject = story if kind == "story" else Comparison(title="Five", stories=(story, *others))
    watched.page.set_viewport_size({"width": width, "height": 900})
    page = watched.show(write_page(subject, tmp_path / "page.html"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_scale_and_the_theme_change_at_a_press(watched: Watched, written: Path) -> None:
    page = watched.show(written)
    linear, log = page.locator("#equity .scale-linear"), page.locator("#equity .scale-log")
    assert (linear.is_visible(), log.is_visible()) == (True, False)
    page.get_by_role("button", name="log", exact=True).click()
    assert (linear.is_visible(), log.is_visible()) == (False, True)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("button.theme").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_pointing_at_the_curve_tells_the_values(watched: Watched, written: Path, story: Story) -> None:
    page = watched.show(written)
    surface = page.locator("#equity .scale-linear .canvas")
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 0.25, box["y"] + 50)
    told = page.locator("#equity .scale-linear .hover").inner_text()
    assert "2013-03-01" in told
    assert f"{story.equity[-1]:,.0f}" in told


def test_every_trade_can_be_reached_sorted_and_filtered(watched: Watched, written: Path, story: Story) -> None:
    page = watched.show(written)
    table, pager = page.locator("#trade-table table"), page.locator("#trade-table .pager")
    seen = []
    while True:
        seen += [int(text) for text in table.locator("tbody tr > :first-child").all_inner_texts()]
        later = pager.get_by_role("button", name="later")
        if later.is_disabled():
            break
        later.click()
    assert seen == list(range(1, len(story.trades) + 1))  # type: ignore[arg-type]
    table.get_by_role("button", name="profit and loss").click()
    best = float(np.nanmax(story.trades["profit_and_loss"]))  # type: ignore[index]
    assert table.locator("tbody tr").first.locator("td").nth(6).inner_text() == f"{best:,.2f}"
    page.locator("select[name=side]").select_option("short")
    shorts = int((story.trades["side"] == "short").sum())  # type: ignore[index]
    assert pager.locator("output").inner_text().endswith(f"of {shorts}")
    page.locator("input[name=reason]").fill("nothing like it")
    assert pager.locator("output").inner_text() == "none match"


def painted(page: Any) -> str:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return str(page.locator("canvas.main").evaluate("(canvas) => canvas.toDataURL()"))


def test_candles_zoom_move_and_follow_the_chosen_trade(watched: Watched, written: Path) -> None:
    page = watched.show(written)
    views = [painted(page)]
    page.locator("canvas.main").focus()
    for key in ("ArrowLeft", "+", "-", "Home", "End"):
        page.keyboard.press(key)
        views.append(painted(page))
    page.get_by_role("button", name="Show all").click()
    views.append(painted(page))
    page.get_by_role("button", name="Previous trade").click()
    views.append(painted(page))
    page.get_by_role("button", name="Show trade 3 on the candles").click()
    views.append(painted(page))
    box = page.locator("canvas.main").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, box["y"] + 100)
    page.mouse.up()
    views.append(painted(page))
    assert [at for at, (one, two) in enumerate(pairwise(views)) if one == two] == []
    assert page.locator(".readout").inner_text().count("H ") == 1


def test_sparse_and_odd_stories_are_drawn_without_an_error(watched: Watched, make_bare: Any, tmp_path: Path) -> None:
    one = make_bare(np.array([101.0]))
    minutes = make_bare(np.linspace(100, 103, 700), 60 * 10**9)
    matrix = np.ones((5, 1))
    for subject in (
        one,
        replace(one, bars=type("Bars", (), {"opened_at": one.times, "matrix": matrix})()),
        replace(minutes, trades={"entry_time": np.empty(0, np.int64)}),
        make_bare(np.full(50, np.nan)),
    ):
        watched.show(write_page(subject, tmp_path / "odd.html"))


def test_forty_thousand_bars_are_drawn_without_an_error(watched: Watched, make_bare: Any, tmp_path: Path) -> None:
    size = 40_000
    rng = np.random.default_rng(2)
    close = 50 * np.exp(np.cumsum(rng.normal(0, 1e-3, size)))
    matrix = np.stack([close, close * 1.001, close * 0.999, close, np.ones(size)])
    bare = make_bare(close, 60 * 10**9)
    bars = type("Bars", (), {"opened_at": bare.times - 60 * 10**9, "matrix": matrix})()
    page = watched.show(write_page(replace(bare, bars=bars), tmp_path / "many.html"))
    before = painted(page)
    page.get_by_role("button", name="Show all").click()
    assert painted(page) != before


def test_conventions_show_on_focus_inside_the_window(watched: Watched, written: Path) -> None:
    page = watched.show(written)
    tip = page.locator("#measures .tip").first
    tip.focus()
    box = tip.locator('[role="tooltip"]').bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280
    assert box["y"] >= 0


def test_a_dark_page_prints_on_white_and_comes_back(watched: Watched, written: Path) -> None:
    page = watched.show(written)
    page.locator("button.theme").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(251, 251, 249)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_a_page_of_a_model_never_scrolls_sideways_and_keeps_its_words_apart(
    width: int, watched: Watched, model_story: ModelStory, tmp_path: Path
) -> None:
    watched.page.set_viewport_size({"width": width, "height": 900})
    page = watched.show(write_model_page(model_story, tmp_path / "model.html"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    overlaps = page.evaluate(
        """() => [...document.querySelectorAll('.lines li')].filter((line) => {
            const [way, said] = ['.way', '.said'].map((name) => line.querySelector(name).getBoundingClientRect());
            return way.right > said.left + 1 && way.bottom > said.top + 1 && said.bottom > way.top + 1;
        }).length"""
    )
    assert overlaps == 0


def test_the_error_bars_of_a_model_are_drawn_where_their_figures_say(
    watched: Watched, model_story: ModelStory, tmp_path: Path
) -> None:
    page = watched.show(write_model_page(model_story, tmp_path / "model.html"))
    places = page.evaluate(
        """() => {
            const way = document.querySelector('#gains .way');
            const box = (name) => way.querySelector(name).getBoundingClientRect();
            const middle = (part) => (part.left + part.right) / 2;
            return [middle(box('.zero')), box('.m1 .span').left, middle(box('.m1 .dot')), box('.m1 .span').right];
        }"""
    )
    zero, low, value, high = places
    gain = model_story.gain
    assert gain is not None
    scale = (high - low) / (gain.high - gain.low)
    assert (low - zero) / scale == pytest.approx(gain.low, abs=2 / scale)
    assert (value - zero) / scale == pytest.approx(gain.value, abs=2 / scale)
    assert len(page.locator("#gains .m2 .span").all()) == 0  # no interval, hence no error bar
