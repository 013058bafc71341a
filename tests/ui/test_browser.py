"""The app in a real browser: run, look, change the language, reload, download, cancel."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.parse import parse_qs, urlparse

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(
    (p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None
)
RUN_MS = 300_000  # the first run compiles the engine


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("app")
    port = free_port()
    command = [
        sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}",
        "--server.address=127.0.0.1", "--server.headless=true", "--server.fileWatcherType=none",
        "--browser.gatherUsageStats=false",
    ]  # fmt: skip
    environment = {**os.environ, "CITYCLOCK_STORE": str(folder / "store")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until_up(address, process, folder / "log")
            yield address
        finally:
            process.terminate()
            process.wait(20)


def wait_until_up(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text("utf-8")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail("the server did not start: " + log.read_text("utf-8"))


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    if CHROMIUM is None:
        pytest.skip("needs chromium")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        yield found
        found.close()


@pytest.fixture
def page(browser, server: str) -> Iterator[object]:  # type: ignore[no-untyped-def]
    """A tall page; fails the test if the browser complains or anything leaves this computer."""
    context = browser.new_context(viewport={"width": 1280, "height": 2600}, accept_downloads=True)
    opened = context.new_page()
    complaints: list[str] = []

    def on_console(message) -> None:  # type: ignore[no-untyped-def]
        # On a page below the root, Streamlit first looks for its own address beside that page.
        probe = "_stcore" in message.location.get("url", "")
        if message.type == "error" and not probe:
            complaints.append(message.text)

    def on_request(request) -> None:  # type: ignore[no-untyped-def]
        if not request.url.startswith((server, "ws:", "data:", "blob:")):
            complaints.append(request.url)

    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", on_console)
    opened.on("request", on_request)
    yield opened
    context.close()
    assert complaints == []


def query_of(page) -> dict[str, list[str]]:  # type: ignore[no-untyped-def]
    return parse_qs(urlparse(page.url).query)


def wait_for_charts(page, count: int) -> None:  # type: ignore[no-untyped-def]
    page.wait_for_function(
        "n => document.querySelectorAll('.js-plotly-plot .main-svg').length >= n", arg=count,
        timeout=60_000,
    )  # fmt: skip


def test_from_choosing_to_the_report(page, server: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    page.goto(f"{server}/?lang=en&a=swmm-file&b=design-storm")
    page.get_by_role("button", name="Run both").click(timeout=60_000)
    page.get_by_text("A SWMM file: two basins on one trunk sewer: ").wait_for()
    page.get_by_role("heading", name="Result").wait_for(timeout=RUN_MS)
    wait_for_charts(page, 2)
    assert page.locator("table.cc-recession tbody tr").count() > 1
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0

    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("button", name="Report (HTML)").click()
    report = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(report)
    assert report.name == "cityclock_swmm-file_design-storm.html"

    page.get_by_text("中文", exact=True).click()
    page.get_by_role("heading", name="退水时间").wait_for(timeout=60_000)
    assert query_of(page) == {"lang": ["zh"], "a": ["swmm-file"], "b": ["design-storm"]}
    page.reload()
    page.get_by_role("heading", name="退水时间").wait_for(timeout=60_000)
    assert page.get_by_role("button", name="运行两个情景").count() == 0

    offline = page.context.new_page()
    offline.route("http*://**", lambda route: pytest.fail(f"asked for {route.request.url}"))
    offline.goto(report.as_uri())
    wait_for_charts(offline, 2)
    assert offline.get_by_role("heading", name="Storm comparison").count() == 1


def test_a_run_can_be_cancelled(page, server: str) -> None:  # type: ignore[no-untyped-def]
    page.goto(f"{server}/?lang=en&rain=1.37")
    page.get_by_role("button", name="Run both").click(timeout=60_000)
    page.get_by_role("button", name="Cancel").click(timeout=60_000)
    page.get_by_text("was cancelled").nth(1).wait_for(timeout=RUN_MS)
    assert page.get_by_role("button", name="Run both").is_enabled()


def test_the_list_of_runs(page, server: str) -> None:  # type: ignore[no-untyped-def]
    page.goto(f"{server}/runs?lang=zh")
    page.get_by_text("全部运行记录").wait_for(timeout=60_000)


def test_looking_closer_at_a_run(page, server: str) -> None:  # type: ignore[no-untyped-def]
    page.goto(f"{server}/?lang=en&a=swmm-file&b=design-storm")
    page.get_by_role("heading", name="Compare storms").wait_for(timeout=60_000)
    run = page.get_by_role("button", name="Run")
    page.get_by_role("heading", name="Result").or_(run).first.wait_for(timeout=RUN_MS)
    if run.count():
        run.first.click()
    page.get_by_role("heading", name="Result").wait_for(timeout=RUN_MS)
    page.goto(f"{server}/explore?lang=en&view=flood")
    wait_for_charts(page, 1)
    moment = page.locator(".slider-label").first
    before = moment.text_content()
    page.locator(".updatemenu-button").first.click()  # play
    page.wait_for_function(
        "t => document.querySelector('.slider-label').textContent !== t", arg=before,
        timeout=60_000,
    )  # fmt: skip
    for view in ("profile", "hydro", "gantt", "many"):
        page.goto(f"{server}/explore?lang=zh&view={view}")
        page.get_by_role("heading", name="过程查看").wait_for(timeout=60_000)
        page.locator(".js-plotly-plot, [data-testid=stAlert]").first.wait_for(timeout=60_000)
        assert page.locator("[data-testid=stException]").count() == 0
    assert query_of(page)["view"] == ["many"]
