"""A chart and a measure are one file each: added to a copy of the code, they appear in the report."""

import re
import shutil
from pathlib import Path

import pandas as pd
from made_grid import ROOT, report
from pages import NEEDS_CHROMIUM, charts, chromium, marks, opened

from uncollapse.registry import list_names
from uncollapse.report.charts import CHART_ORDER

pytestmark = NEEDS_CHROMIUM
# the examples of docs/report.md: how to read a table, and a chart
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs/report.md").read_text(), re.DOTALL)
MEASURE = '''"""A made-up measure: always the same."""

from uncollapse.measures import ColumnValues, Measure, Trained

COLUMNS = {"made_up": Measure("made-up measure", "nats", better=1)}


def measure(run: Trained) -> ColumnValues:
    return {"made_up": 7.0}
'''


def test_a_chart_and_a_measure_are_one_file_each(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    package = tmp_path / "src/uncollapse"
    (package / "report/charts/reconstruction.py").write_text(EXAMPLES[1])
    (package / "measures/made_up.py").write_text(MEASURE)
    file = report(
        tmp_path, datasets=["mnist5k"], methods=["plain", "skip"], points=20, measured={"made_up": 7.0}
    )
    with chromium() as browser:
        page, problems = opened(browser, file)
        panels = marks(page)
        assert charts(panels) == {*list_names("report/charts"), "reconstruction"}
        order = [name for name, _ in panels]
        placed = max(order.index(name) for name in CHART_ORDER if name in order)
        assert order.index("reconstruction") > placed, "it has no position in CHART_ORDER"
        assert page.locator("#reconstruction h3").inner_text() == "Reconstruction in training"
        column = page.locator("#table thead").first.locator("th").all_inner_texts().index("made-up measure")
        entries = page.locator("#table tr[data-method=skip]").first.locator("td")
        assert entries.nth(column - 1).inner_text().split("\n") == ["7 ± 0", "+0 [+0, +0]"]
        assert problems == []
    comparison = pd.read_csv(tmp_path / "metrics/comparison.csv")
    assert (comparison["measure"] == "made_up").sum() == (comparison["measure"] == "nll").sum() > 0
