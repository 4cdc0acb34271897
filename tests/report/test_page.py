"""The page of the report, opened from disk in headless Chromium with the network cut."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from made_grid import METHODS, report
from made_grid import page as made_page
from pages import NEEDS_CHROMIUM, charts, chromium, marks, opened
from playwright.sync_api import Browser

from uncollapse.registry import list_names

pytestmark = NEEDS_CHROMIUM
OUTSIDE = """(width) => [...document.querySelectorAll("body *")].filter((one) =>
  !one.parentElement.closest(".wide, pre") && one.getBoundingClientRect().right > width + 1
).map((one) => one.outerHTML.slice(0, 80))"""
FOCUS = """[document.activeElement.tagName, document.activeElement.value ?? "",
  getComputedStyle(document.activeElement).outlineStyle]"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_page(tmp_path_factory.mktemp("default"))


def test_every_chart_has_marks_and_the_switch_changes_them(browser: Browser, default: Path) -> None:
    page, problems = opened(browser, default)
    first = marks(page)
    assert charts(first) == set(list_names("report/charts"))
    panels = Counter(chart for chart, _ in first)
    assert set(panels.values()) == {1, 2, 2 * len(METHODS)}, "one for all, one a model, one a cell"
    page.check("input[value=kjv]")
    page.wait_for_function("!document.querySelector('div[data-dataset=kjv]').hidden")
    second = marks(page)
    assert Counter(chart for chart, _ in second) == panels
    unchanged = {chart for chart, panel in first if first[chart, panel] == second.get((chart, panel))}
    assert unchanged <= {"alive", "beta"}, "which were made up to be the same"
    page.uncheck("input[value=skip]")
    fewer = marks(page)
    of_cells = {(chart, panel) for chart, panel in second if panels[chart] == 2 * len(METHODS)}
    assert len(of_cells - set(fewer)) == 2, "the maps of both models with skip"
    of_methods = {panel for panel in set(second) - of_cells if panel[0] != "rate_distortion"}  # of plain only
    assert all(len(fewer[panel]) < len(second[panel]) for panel in of_methods)
    assert page.locator("tr[data-method=skip]:visible").count() == 0
    assert problems == []


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_overflows_and_axe_finds_nothing(browser: Browser, default: Path, width: int) -> None:
    page, problems = opened(browser, default, width)
    marks(page)
    for details in page.locator("summary").all():
        if details.is_visible():
            details.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OUTSIDE, width) == []
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    response = Axe().run(page, {"exclude": [[".chart"]]}, options=rules).response
    assert [f"{rule['id']}: {rule['nodes'][0]['html'][:100]}" for rule in response["violations"]] == []
    assert "color-contrast" in {rule["id"] for rule in response["passes"]}
    assert problems == []


def test_all_can_be_done_with_the_keyboard(browser: Browser, default: Path) -> None:
    page, _ = opened(browser, default)
    reached: list[tuple[str, str, str]] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(tuple(page.evaluate(FOCUS)))
        values = [value for _, value, _ in reached]
        if values[-1] == "mnist5k" and len(set(values)) < 3:
            page.keyboard.press("ArrowDown")
            assert page.evaluate("chosen().dataset") == "kjv"
        if values[-1] == "skip" and values.count("skip") == 1:
            page.keyboard.press("Space")
    assert "skip" not in page.evaluate("chosen().shown")
    assert all(outline != "none" for tag, _, outline in reached if tag != "BODY"), "the focus can be seen"
    assert {"A", "INPUT", "DIV", "SUMMARY"} <= {tag for tag, _, _ in reached}, (
        "links, controls, regions, sections"
    )
    assert {"mnist5k", "plain", "skip+aggressive"} <= set(values)


def test_the_verdicts_come_before_any_sentence_and_say_without_colour_what_they_are(
    browser: Browser, default: Path
) -> None:
    page, _ = opened(browser, default, 390)
    cells = page.locator("#matrix td")
    assert cells.count() == 2 * 2 * len(METHODS), "both data sets, whichever is chosen"
    first = page.locator("h1 ~ *").first
    assert first.get_attribute("id") == "matrix"
    words = {"reference", "helps", "no difference shown", "worse"}
    assert {text.split("\n")[0] for text in cells.all_inner_texts()} == words
    skip = page.locator("#matrix tr[data-method=skip] td").first.inner_text().split("\n")
    assert [line.split()[0] for line in skip] == ["helps", "nll", "uninformative", "collapse", "1×"]
    assert 1 <= page.locator("header p.short").count() <= 3


def test_more_models_than_methods_stand_below_each_other(browser: Browser, tmp_path: Path) -> None:
    page, problems = opened(browser, report(tmp_path, methods=["plain"], points=20), 390)
    table = page.locator("#matrix table").first
    assert table.locator("th").all_inner_texts() == ["model", "plain", "vae", "control_vae"]
    assert table.locator("td[data-method=plain]:visible").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert problems == []


def test_a_cell_that_failed_is_named_with_its_reason_and_data_need_no_labels(
    browser: Browser, tmp_path: Path
) -> None:
    failed = ["mnist5k-vae-skip"]
    file = report(tmp_path, failed=failed, methods=["plain", "skip"], labels=False, points=20)
    page, problems = opened(browser, file)
    reason = "seed 1, epoch 3: training diverged"
    assert page.locator(".missing li").inner_text() == f"mnist5k-vae-skip: {reason}"
    assert page.locator("td.failed").inner_text() == reason
    assert page.locator("#matrix tr[data-method=skip] td").first.inner_text() == "failed"
    missing = (
        "skip on vae, mnist5k: not shown by this grid. A cell is missing, or the two have no seed in common."
    )
    assert missing in page.locator("#answers").inner_text()
    assert charts(marks(page)) == set(list_names("report/charts"))
    assert page.locator("#tsne p.legend").count() == 0
    probe = page.locator("#table thead th").all_inner_texts().index("probe") - 1
    assert page.locator("#table tr[data-method]").first.locator("td").nth(probe).inner_text() == ""
    assert problems == []


def test_a_single_cell_with_one_seed(browser: Browser, tmp_path: Path) -> None:
    cell = {"datasets": ["kjv"], "models": ["vae"], "methods": ["plain"]}
    file = report(tmp_path, **cell, seeds=1, points=20, measured={"converged": 0})
    assert "not converged: 1 of the cells" in file.with_name("report.txt").read_text()
    page, problems = opened(browser, file)
    text = page.locator("body").inner_text()
    assert "With one seed no interval can be given" in text
    assert text.count("Not shown by this grid") == 3
    assert "nan" not in text.lower().split()
    panels = marks(page)
    assert charts(panels) == set(list_names("report/charts")) - {"gains", "cost", "early"}, (
        "no method is compared"
    )
    assert len(panels) == len(charts(panels))
    assert problems == []


def test_a_data_set_without_results(browser: Browser, tmp_path: Path) -> None:
    failed = [f"mnist5k-vae-{method}" for method in ("plain", "skip")]
    page, problems = opened(
        browser, report(tmp_path, failed=failed, models=["vae"], methods=["plain", "skip"], points=20)
    )
    assert page.evaluate("chosen().dataset") == "kjv", "the first data set that has results"
    marks(page)
    page.check("input[value=mnist5k]")
    page.wait_for_function("document.querySelector('div[data-dataset=kjv]').hidden")
    assert page.locator("#pictures h3:visible").count() == 0
    assert page.locator("#answers li:visible").count() == 1
    assert problems == []


def test_a_hundred_and_twenty_cells_make_a_page_that_can_be_sent_and_read(
    browser: Browser, tmp_path: Path
) -> None:
    models = ["vae", "control_vae", "beta_vae", "annealed_vae", "info_vae"]
    methods = [
        *METHODS,
        "autoencoder",
        "noise",
        "word_dropout",
        "batch_norm",
        "skip+pretrained",
        "skip+adversarial",
    ]
    datasets = ["mnist5k", "other"]
    file = made_page(
        tmp_path, datasets=datasets, models=models, methods=methods, seeds=2, points=1000, epochs=30
    )
    assert file.stat().st_size < 15e6
    page, problems = opened(browser, file, 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    panels = Counter(chart for chart, _ in marks(page))
    assert set(panels) == set(list_names("report/charts"))
    assert set(panels.values()) == {1, len(models), len(models) * len(methods)}
    assert problems == []
