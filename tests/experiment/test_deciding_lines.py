"""A line that decides a number makes its jobs stale wherever it stands; what only watches does not."""

import re

import pytest
from edits import edit, edit_all, every_function, replaced
from stale_recipes import changed

from uncollapse.experiment.digests import WATCHERS, Code
from uncollapse.experiment.make_recipes import Content
from uncollapse.experiment.params import Params

PREPARED = "(pretrain|train|evaluate)/.*"  # what reads prepared data
LINES = [  # a file, a line of it that decides a number, another one, and the recipes that it makes other ones
    ("pipeline/cell_files.py", "name_for_seed(ENCODER, seed)", "name_for_seed(ENCODER, 0)", "train/.*"),
    ("data/files.py", "folder / str(seed)", "folder / '0'", PREPARED),
    ("pipeline/job_recipe.py", "read_choice(Job(CHOOSERS[job.stage], job.name))['values']", "{}", "train/.*"),
    ("experiment/recipe.py", "seed not in left_out", "True", "evaluate/.*"),
    ("experiment/recipe.py", "{**content, 'seeds': None}", "{'seeds': None}", PREPARED),
    ("experiment/tuning.py", "entry is not None", "False", "train/.*"),
    ("pipeline/checkpoint.py", "self.saved.pop('rows')", "[]", "(pretrain|train)/.*"),
    ("pipeline/checkpoint.py", "self.rows.append(row)", "pass", "(pretrain|train)/.*"),
    ("pipeline/cache.py", "f'{seed},{row}'", "f'0,{row}'", PREPARED),
    ("pipeline/train_cell.py", "vae.load_encoder(load_file(encoder))", "pass", "train/.*"),
    ("pipeline/train_cell.py", "parts = ['train']", "pass", "train/.*"),
    ("pipeline/train_cell.py", "state.epoch", "0", "train/.*"),
    ("pipeline/assemble.py", "initialise_weights(vae, seed)", "initialise_weights(vae, 0)", PREPARED),
    ("pipeline/stage.py", "threadpool_limits(1)", "pass", ".*/.*|calibrate"),
    ("pipeline/pool.py", "set_up_process()", "pass", PREPARED),
    ("tables.py", "-1", "0", "(train|evaluate)/.*"),
    ("tables.py", "list(csv.DictReader(rows))", "list(csv.DictReader(rows))[1:]", "(train|evaluate)/.*"),
    ("data/files.py", "locate_labels(folder, name)", "locate_labels(folder, names[0])", PREPARED),
]


@pytest.mark.parametrize(
    ("path", "old", "new", "stale"), LINES, ids=[f"{path}: {old}" for path, old, *_ in LINES]
)
def test_a_line_that_decides_a_number_makes_its_jobs_stale(
    copy: Code, params: Params, before: dict[str, Content], path: str, old: str, new: str, stale: str
) -> None:
    edit(copy.package / path, replaced(old, new))
    names = changed(before, params, copy)
    assert names >= {name for name in before if re.fullmatch(stale, name) and not name.startswith("tune/")}
    assert names >= {"report", "track"}


@pytest.mark.parametrize("watcher", WATCHERS)
def test_what_only_watches_makes_no_cell_stale(
    copy: Code, params: Params, before: dict[str, Content], watcher: str
) -> None:
    edit_all(copy.package / watcher, every_function)
    assert changed(before, params, copy) <= {"report", "track"}
