"""The pages in a real browser, served as they are in production: nothing from elsewhere, no error, usable on a phone.

Skipped where Chromium or Playwright is missing.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
PAGES = (
    "/admin/",
    "/admin/augury_jobs/job/",
    "/admin/augury_signals/storedsignal/",
    "/admin/augury_accounts/auditentry/",
    "/admin/augury_accounts/person/operate/accounts-add/",
)


@pytest.fixture
def served(filled: Any, new_port: Callable[[], int]) -> Iterator[str]:
    """The address of a server over a filled platform, in a process of its own."""
    port = new_port()
    command = ["augury_server.web.asgi:application", "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", *command],
        env={**os.environ, **filled.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/login/", timeout=5).close()
        except OSError:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.1)
        else:
            break
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "Error" not in errors
    assert "Warning" not in errors


@pytest.fixture
def browser(served: str) -> Iterator[Any]:
    """Chromium; after `served`, since it runs an event loop, in which Django talks to no database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on the path")
    with sync_api.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()


def test_pages_load_nothing_from_elsewhere_and_fit_a_phone(served: str, browser: Any) -> None:
    heard: list[str] = []
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.route(
        lambda url: not url.startswith(served), lambda route: (heard.append(route.request.url), route.abort())
    )
    page = context.new_page()
    page.on("console", lambda message: heard.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("response", lambda reply: heard.append(f"{reply.status} {reply.url}") if reply.status >= 400 else None)
    page.goto(f"{served}/admin/")
    page.fill("input[name=username]", "root")
    page.fill("input[name=password]", "a long walk in the rain")
    page.click("button[type=submit]")
    page.wait_for_url(f"{served}/admin/")
    for path in PAGES:
        page.goto(served + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert page.evaluate("document.fonts.check('16px Inter')"), path
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{served}/admin/augury_jobs/job/")
    page.locator("input.action-select").first.check()
    page.select_option("select[name=action]", "jobs-cancel")
    page.get_by_role("button", name="Run").click()
    page.wait_for_selector("#operate-form")
    page.fill("#operate-form input[name=reason]", "seen in a browser")
    page.get_by_role("button", name="Cancel job").click()
    page.wait_for_selector("#result_list")
    assert page.get_by_text("cancelled").count() >= 1
    page.emulate_media(color_scheme="dark")
    page.reload()
    page.wait_for_function("document.documentElement.classList.contains('dark')")
    page.locator("li > a", has_text="Export").first.click()
    with page.expect_download() as waiting:
        page.get_by_text("CSV of").click()
    assert waiting.value.suggested_filename == "jobs.csv"
    context.close()
    assert heard == []
