"""A mistake in `tune`, or in the grid of tuned cells, is one line that names the key and the fix."""

from pathlib import Path

import pytest
from small_params import TUNED, error


@pytest.mark.parametrize(
    ("tune", "line"),
    [
        (
            "{posterior.gama: [1.0]}",
            ".posterior.gama: no such name 'posterior.gama' (did you mean 'posterior.gamma'?); valid: ",
        ),
        (
            "{postrior.gamma: [1.0]}",
            ".postrior.gamma: no such name 'postrior.gamma' (did you mean 'posterior.g",
        ),
        ("{posterior.use: [gaussian]}", ".posterior.use: no such name 'posterior.use' (did you mean"),
        ("{kl_weight.beta: [1.0]}", ".kl_weight.beta: no such name 'kl_weight.beta'"),
        ("{gamma: [1.0]}", ".gamma: no such name 'gamma'"),
        ("{posterior.gamma: [0.3, many]}", ".posterior.gamma: input should be a valid number"),
        ("{posterior.gamma: [0.3, -1.0]}", ".posterior.gamma: input should be greater than 0; it is -1.0"),
        ("{posterior.gamma: [true]}", ".posterior.gamma: should be no truth value, not True"),
        ("{posterior.gamma: []}", ".posterior.gamma: should be a list of values, not []"),
        ("{posterior.gamma: 0.3}", ".posterior.gamma: should be a list of values, not 0.3"),
        ("{posterior.gamma: [1, 1.0]}", ".posterior.gamma: [1, 1.0] names something twice; name it once"),
        (
            "{pretraining.epochs: [1]}",
            ".pretraining.epochs: cannot be tuned, because encoders are pretrained before",
        ),
        ("{}", ": should be a mapping, such as {slot.argument: [values]}, not {}"),
        ("[0.3]", ": should be a mapping, such as {slot.argument: [values]}, not [0.3]"),
        (
            f"{{posterior.gamma: {[1 + each / 100 for each in range(51)]}}}",
            ": asks for 51 candidates; the most is 50, so name fewer values",
        ),
    ],
)
def test_a_mistake_in_tune_is_one_line(tmp_path: Path, tune: str, line: str) -> None:
    text = TUNED.replace("{posterior.gamma: [0.3, 1]}", tune)
    assert text != TUNED
    assert error(tmp_path, text).startswith(f"methods.batch_norm.tune{line}")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "perturbation.noise.flip: [0.2]",
            "perturbation.noise.flip: [2.0]",
            "methods.both.tune.perturbation.noise.flip: input should be less than",
        ),
        (
            "    perturbation: {use: noise}\n",
            "    perturbation: [{use: noise}, {use: noise}]\n",
            "methods.both.tune: two pieces in a slot have the same name; tune them in an entry",
        ),
        (
            "perturbation.noise.flip: [0.2]",
            "perturbation.flip: [0.2]",
            "methods.both.tune.perturbation.flip: no such name 'perturbation.flip' (did you mean '",
        ),
        (
            "perturbation: {use: noise}\n    tune: {perturbation.noise.flip: [0.2]}",
            "posterior: {use: batch_norm}\n    tune: {posterior.gamma: [0.2]}",
            "methods.both.tune.posterior.gamma: cannot be tuned, because encoders are pretrained before",
        ),
        (
            "  tuning_seeds: [1000, 1001]\n",
            "",
            "grid.tuning_seeds: should be stated, such as [1000, 1001], because mnist5k-vae-",
        ),
        ("[1000, 1001]", "[1, 1000]", "grid.tuning_seeds: [1] are also in grid.seeds; name others"),
        (
            "[1000, 1001]",
            "[1000, 1000]",
            "grid.tuning_seeds: [1000, 1000] names something twice; name it once",
        ),
        (
            "  control_vae: {kl_weight: {use: pi, kp: 0.01}}",
            "  control_vae: {kl_weight: {use: pi}, tune: {kl_weight.kp: "
            f"{[1 + each for each in range(26)]}}}}}",
            "grid: mnist5k-control_vae-batch_norm: asks for 52 candidates; the most is 50",
        ),
    ],
)
def test_a_mistake_in_the_grid_of_tuned_cells_is_one_line(
    tmp_path: Path, old: str, new: str, line: str
) -> None:
    assert old in TUNED
    assert error(tmp_path, TUNED.replace(old, new, 1)).startswith(line)
