"""A page in headless Chromium with the network cut, and what its charts draw."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NEEDS_CHROMIUM = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
    pytest.mark.xdist_group("browser"),
]
# [chart, panel, marks] of all panels that are shown: each mark with its position and colours
MARKS = """async () => {
  await Promise.all([...document.querySelectorAll(".chart")].map(draw));
  const types = ["symbol", "line", "area", "rect", "rule"];
  const marks = (item) => !item.items ? [] : item.items.flatMap(marks).concat(
    types.includes(item.marktype) && item.role === "mark"
      ? item.items.map((one) => [item.marktype, one.x, one.y, one.x2, one.y2, one.fill, one.stroke].join())
      : []);
  return [...views].filter(([element]) => !element.closest("[hidden]")).map(([element, view]) =>
    [element.dataset.spec.replace("spec-", ""), element.getAttribute("aria-label"),
     marks(view.scenegraph().root)]);
}"""
Marks = dict[tuple[str, str], list[str]]  # by chart and panel


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


def opened(browser: Browser, file: Path, width: int = 1440) -> tuple[Page, list[str]]:
    """The page and, as they happen, messages on its console, errors, and requests to anywhere but disk."""
    page = browser.new_context(viewport={"width": width, "height": 900}, offline=True).new_page()
    page.set_default_timeout(600_000)  # only to end a test that hangs: a machine may be busy
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))

    def local(url: str) -> bool:
        return url.split(":")[0] in ("file", "data", "blob")

    page.on("request", lambda request: None if local(request.url) else problems.append(request.url))
    page.goto(file.as_uri())
    return page, problems


def marks(page: Page) -> Marks:
    """The marks of each panel that is shown; none is empty."""
    panels = {(chart, panel): marks for chart, panel, marks in page.evaluate(MARKS)}
    assert all(panels.values()), [panel for panel, marks in panels.items() if not marks]
    return panels


def charts(panels: Marks) -> set[str]:
    """The charts that are shown."""
    return {chart for chart, _ in panels}
