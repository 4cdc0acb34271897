"""What the models make, on the page."""

import re
from pathlib import Path

from made_grid import page


def test_each_cell_names_the_seed_that_was_drawn(tmp_path: Path) -> None:
    skip = {"mnist5k-vae-skip": [0, 2]}
    grid = {"datasets": ["mnist5k"], "models": ["vae"], "methods": ["plain", "skip"]}
    text = page(tmp_path, **grid, seeds=4, points=20, diverged=skip).read_text()
    captions = re.findall(r"<figcaption>(vae [a-z]+, seed \d)</figcaption>", text)
    assert captions == ["vae plain, seed 0", "vae skip, seed 1"]
