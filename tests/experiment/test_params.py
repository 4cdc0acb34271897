"""A mistake in the grid or in the whole of params.yaml is one line that names the key and what is valid."""

from pathlib import Path

import pytest
from small_params import TEXT, error, params


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "datasets: [mnist5k, kjv]",
            "datasets: [mnist]",
            "grid.datasets: no such name 'mnist' (did you mean 'mnist5k'?); valid: mnist5k, kjv",
        ),
        (
            "datasets: [mnist5k, kjv]",
            "datasets: mnist5k",
            "grid.datasets: input should be a valid list; it is 'mnist5k'",
        ),
        ("datasets: [mnist5k, kjv]", "datasets: []", "grid.datasets: list should have at least 1 item"),
        (
            "datasets: [mnist5k, kjv]",
            "datasets: [..]",
            "grid.datasets.0: a name should consist of letters, digits, _, . and +",
        ),
        (
            "datasets: [mnist5k, kjv]",
            "datasets: [5]",
            "grid.datasets.0: input should be a valid string; it is 5",
        ),
        ("  datasets: [mnist5k, kjv]\n", "", "grid.datasets: should be stated; it has no default"),
        ("models: [vae,", "models: [vea,", "grid.models: no such name 'vea' (did you mean 'vae'?)"),
        ("[plain, skip", "[plain, skp", "grid.methods: no such name 'skp' (did you mean 'skip'?)"),
        (
            "[plain, skip",
            "[a/b, skip",
            "grid.methods.0: a name should consist of letters, digits, _, . and +",
        ),
        ("[plain, skip", "[plain, plain", "grid.methods: ['plain', 'plain'] names something twice; name it"),
        ("seeds: [0, 1,", "seeds: [0, 0,", "grid.seeds: [0, 0, 2, 3] names something twice; name it once"),
        ("seeds: [0,", "seeds: [true,", "grid.seeds: should be no truth value, not True"),
        ("seeds: [0,", "seeds: [-1,", "grid.seeds.0: input should be greater than or equal to 0; it is -1"),
        ("seeds: [0, 1, 2, 3]", "seeds: []", "grid.seeds: list should have at least 1 item"),
        (
            "evaluation: {most",
            "evaluation: {mots",
            "evaluation.mots: no such name 'mots' (did you mean 'most'?)",
        ),
        (
            "evaluation:",
            "evaluations:",
            "evaluations: no such name 'evaluations' (did you mean 'evaluation'?); valid: grid, datasets",
        ),
        ("evaluation: {most: 50}", "", "evaluation: should be stated; it has no default"),
        ("grid:", "grid: [", "not YAML"),
    ],
)
def test_a_mistake_in_the_grid_is_one_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert old in TEXT
    assert error(tmp_path, TEXT.replace(old, new, 1)).startswith(line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "should be a mapping, such as {name: value}, not None"),
        ("- 1", "should be a mapping, such as {name: value}, not [1]"),
        (TEXT[TEXT.index("datasets:\n") :], "grid: should be stated; it has no default"),
        (
            "grid:\n" + TEXT[TEXT.index("datasets:\n") :],
            "grid: should be a mapping, such as {name: value}, not None",
        ),
    ],
)
def test_a_file_without_a_grid_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert error(tmp_path, text) == line


def test_what_the_grid_does_not_name_is_free_in_its_name(tmp_path: Path) -> None:
    text = TEXT.replace("methods:\n  plain:", "methods:\n  a/b: {}\n  plain:")
    assert "a/b" in params(tmp_path, text).stated.methods
