"""The page of the report, opened from disk in headless Chromium with the network cut."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from made_grid import ROOT, make_grid
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
STAGE = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["report"]
OUTS = [next(iter(out)) if isinstance(out, dict) else out for out in STAGE["outs"] + STAGE["metrics"]]
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium"),
    pytest.mark.xdist_group("browser"),
]
# every drawn mark of a chart, by its place: what Vega draws, whatever it draws with
MARKS = """async () => {
  await Promise.all([...document.querySelectorAll(".chart")].map(draw));
  const drawn = (item) => item.items
    ? item.items.flatMap(drawn).concat(["symbol", "line", "area", "rect", "rule"].includes(item.marktype) && item.role === "mark"
      ? item.items.map((one) => [item.marktype, one.x, one.y, one.x2, one.y2, one.fill, one.stroke].join()) : [])
    : [];
  return [...views].filter(([place]) => !place.closest("[hidden]"))
    .map(([place, view]) => [place.getAttribute("aria-label"), drawn(view.scenegraph().root)]);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


def report(folder: Path, *, missing: Sequence[str] = (), **grid: Any) -> Path:
    """The page of a made-up grid, of which some cells may have failed."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        make_grid(folder, **grid)
        for cell in missing:
            shutil.rmtree(folder / "metrics/cells" / cell)
            (folder / ".work/failed").mkdir(parents=True, exist_ok=True)
            (folder / ".work/failed" / f"train-{cell}.txt").write_text("seed 1, epoch 3: training diverged\n")
        command = [sys.executable, "-W", "error", "stages/report.py"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert all((folder / out).exists() for out in OUTS), "DVC asks for all of them"
    finally:
        os.chdir(before)
    return folder / "report/index.html"


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(tmp_path_factory.mktemp("default"))


def opened(browser: Browser, file: Path, width: int = 1440) -> tuple[Page, list[str]]:
    """The page, and what went wrong in it so far: messages on the console, errors, requests to anywhere but disk."""
    page, wrong = browser.new_context(viewport={"width": width, "height": 900}, offline=True).new_page(), []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda request: (
            wrong.append(request.url) if request.url.split(":")[0] not in ("file", "data", "blob") else None
        ),
    )
    page.goto(file.as_uri())
    return page, wrong


def drawn(page: Page) -> dict[str, list[str]]:
    return dict(page.evaluate(MARKS))


def test_every_chart_has_marks_and_the_switch_changes_them(browser: Browser, default: Path) -> None:
    page, wrong = opened(browser, default)
    first = drawn(page)
    assert len(first) == 5 * 2 + 2 + 12, "five kinds for each model, two for all, a map for each cell"
    assert all(first.values()), [name for name, marks in first.items() if not marks]
    page.check("input[value=kjv]")
    page.wait_for_function("!document.querySelector('div[data-dataset=kjv]').hidden")
    second = drawn(page)
    assert len(second) == len(first)
    assert all(second.values())
    prices = {name for name in first if name.startswith("Price")}  # made up to be the same
    assert {name for name in first if first[name] == second.get(name)} <= prices
    page.uncheck("input[value=skip]")
    fewer = drawn(page)
    assert all(len(fewer[name]) < len(second[name]) for name in fewer if "map" not in name)
    assert page.locator("tr[data-method=skip]:visible").count() == 0
    assert wrong == []


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_overflows_and_there_is_nothing_for_axe_to_find(
    browser: Browser, default: Path, width: int
) -> None:
    page, wrong = opened(browser, default, width)
    drawn(page)
    for details in page.locator("summary").all():
        if details.is_visible():
            details.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = """(width) => [...document.querySelectorAll("body *")].filter((one) => !one.parentElement.closest(".wide, pre")
      && one.getBoundingClientRect().right > width + 1).map((one) => one.outerHTML.slice(0, 80))"""
    assert page.evaluate(outside, width) == []
    found = Axe().run(
        page, {"exclude": [[".chart"]]}, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    )
    assert [f"{one['id']}: {one['nodes'][0]['html'][:100]}" for one in found.response["violations"]] == []
    assert "color-contrast" in {one["id"] for one in found.response["passes"]}
    assert wrong == []


def test_all_can_be_done_with_the_keyboard(browser: Browser, default: Path) -> None:
    page, _ = opened(browser, default)
    reached: list[tuple[str, str, str]] = []
    where = "[document.activeElement.tagName, document.activeElement.value ?? '', getComputedStyle(document.activeElement).outlineStyle]"
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(tuple(page.evaluate(where)))
        if reached[-1][1] == "mnist5k" and len({value for _, value, _ in reached}) < 3:
            page.keyboard.press("ArrowDown")
            assert page.evaluate("chosen().dataset") == "kjv"
        if [value for _, value, _ in reached].count("skip") == 1 and reached[-1][1] == "skip":
            page.keyboard.press("Space")
    assert "skip" not in page.evaluate("chosen().shown")
    assert all(outline != "none" for tag, _, outline in reached if tag != "BODY"), "where one is can be seen"
    assert {"A", "INPUT", "DIV", "SUMMARY"} <= {tag for tag, _, _ in reached}, (
        "links, controls, scrolling regions, sections"
    )
    assert {"mnist5k", "plain", "skip+aggressive"} <= {value for _, value, _ in reached}


def test_a_failed_cell_a_single_cell_one_seed_and_no_labels(browser: Browser, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("failed", "single", "unlabelled", "lost")]
    for folder in folders:
        folder.mkdir()
    page, wrong = opened(
        browser, report(folders[0], missing=["mnist5k-vae-skip"], methods=["plain", "skip"], points=20)
    )
    assert (
        page.locator(".missing").inner_text().split("\n")[-1]
        == "mnist5k-vae-skip: seed 1, epoch 3: training diverged"
    )
    assert page.locator("td.failed").inner_text() == "seed 1, epoch 3: training diverged"
    assert "skip on vae: not shown by this grid. A cell is missing." in page.locator("#answers").inner_text()
    assert all(drawn(page).values())

    one, more = opened(
        browser, report(folders[1], datasets=["kjv"], models=["vae"], methods=["plain"], seeds=1, points=20)
    )
    text = one.locator("body").inner_text()
    assert "With one seed no interval can be given" in text
    assert text.count("Not shown by this grid") == 3
    assert "nan" not in text.lower().split()
    assert len(drawn(one)) == 4 + 1 + 1
    assert all(drawn(one).values())

    bare, most = opened(
        browser, report(folders[2], datasets=["other"], methods=["plain", "skip"], labels=False, points=20)
    )
    assert all(drawn(bare).values())
    assert bare.locator("p.legend").count() == 0
    assert bare.locator("#table tr[data-method]").first.locator("td").nth(6).inner_text() == "", "no probe"

    gone = [f"mnist5k-vae-{method}" for method in ("plain", "skip")]
    half, last = opened(
        browser, report(folders[3], missing=gone, models=["vae"], methods=["plain", "skip"], points=20)
    )
    assert half.evaluate("chosen().dataset") == "kjv", "the first data set of which there is something"
    assert all(drawn(half).values())
    half.check("input[value=mnist5k]")
    half.wait_for_function("document.querySelector('div[data-dataset=kjv]').hidden")
    assert half.locator("#pictures h3:visible").count() == 0
    assert half.locator("#answers li:visible").count() == 1
    assert wrong == more == most == last == []


def test_a_hundred_and_twenty_cells_make_a_page_that_can_be_sent_and_read(
    browser: Browser, tmp_path: Path
) -> None:
    names = "plain skip aggressive pretrained autoencoder noise adversarial word_dropout batch_norm skip+aggressive skip+pretrained skip+adversarial"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    file = report(
        tmp_path, datasets=["mnist5k", "other"], models=["vae", "control_vae", "beta_vae", "annealed_vae", "info_vae"], methods=names.split(),
        points=1000, epochs=30,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime < 30, "seconds of one core"
    assert file.stat().st_size < 15e6
    page, wrong = opened(browser, file, 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    marks = drawn(page)
    assert len(marks) == 5 * 5 + 2 + 60
    assert all(marks.values())
    assert wrong == []
