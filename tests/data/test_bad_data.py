"""Data that are broken or hostile: each row is one line that names the file and the fix.

More of them are in test_own_data.py, test_layouts.py and test_prepare.py.
"""

from contextlib import chdir
from pathlib import Path

import pytest
from bad_arrays import ARRAY_FILES
from bad_pictures import PICTURE_FILES
from bad_texts import GZIP_FILES, TEXT_FILES
from made_bad import OWNED
from made_sources import COUNTS
from refusals import assert_told, nothing_changes, stand

from uncollapse.data import npz
from uncollapse.data.prepare import prepare
from uncollapse.errors import UserError
from uncollapse.likelihoods.bernoulli import bernoulli
from uncollapse.likelihoods.categorical import categorical
from uncollapse.registry import make_piece

TABLES = {
    ("image_folder", "data"): PICTURE_FILES,
    ("arrays", "data.npz"): ARRAY_FILES,
    ("text_lines", "data.txt"): TEXT_FILES,
    ("text_lines", "data.txt.gz"): GZIP_FILES,
}


def prepared(use: str, path: Path) -> None:
    """What the stage `prepare` does with a file."""
    likelihood = categorical() if use == "text_lines" else bernoulli()
    source = make_piece("data/sources", {"use": use, "path": str(path)})()
    prepare(Path("out"), source, likelihood, **COUNTS)


@pytest.mark.parametrize(
    ("source", "name"), [(source, name) for source, rows in TABLES.items() for name in rows]
)
def test_bad_data_are_one_line_and_all_that_stood_still_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: tuple[str, str], name: str
) -> None:
    use, file = source
    make, line = TABLES[source][name]
    make(tmp_path / file)
    stand(tmp_path / "project")
    monkeypatch.setattr(npz, "measure_memory", lambda: 2**30)
    new = {"project/out", "project/out/scratch"}
    with (
        chdir(tmp_path / "project"),
        nothing_changes(tmp_path, but=new),
        pytest.raises(UserError) as error,
    ):
        prepared(use, tmp_path / file)
    assert_told(line, str(error.value))
    assert not OWNED.exists(), "a pickle was run"
