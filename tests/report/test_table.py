"""The table of the page."""

import re
from pathlib import Path

import numpy as np
import pytest
from made_grid import make_grid

from uncollapse.report.page import TEMPLATES
from uncollapse.report.table import find_chance, list_heads
from uncollapse.results.gather import gather_results


def test_the_probe_has_its_chance_level_whether_or_not_each_seed_has_its_own_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_grid(tmp_path, models=["vae"], methods=["plain"], seeds=2, points=20)
    results = gather_results()
    files = [Path(f"data/mnist5k/{seed}/test.labels.npy") for seed in range(2)]
    shares = [np.bincount(np.load(file)).max() / 100 for file in files]
    assert find_chance(results) == {"mnist5k": pytest.approx(sum(shares) / 2)}
    for file in files:
        file.unlink()
    assert find_chance(results) == {}, "kjv never had labels"
    np.save("data/kjv/0/test.labels.npy", np.array([0, 1, 1, 1]))
    assert find_chance(results) == {"kjv": 0.75}


def test_the_text_above_the_table_speaks_of_its_columns() -> None:
    text = (TEMPLATES / "table.html").read_text().split("</p>")[0]
    titles = [head.title for head in list_heads()]
    for quoted in re.findall("“(.+?)”", text):
        assert any(quoted in title for title in titles), quoted
    assert "steps" not in text
