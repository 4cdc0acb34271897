"""A mistake in an entry of params.yaml is one line that names the key and what is valid."""

from pathlib import Path

import pytest
from small_params import TEXT, error


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "decoder: {use: skip}",
            "decoder: {use: skipp}",
            "methods.skip.decoder.use: no such name 'skipp' (did you mean 'skip'?); valid: plain, skip",
        ),
        (
            "decoder: {use: skip}",
            "decodr: {use: skip}",
            "methods.skip.decodr: no such name 'decodr' (did you mean 'decoder'?)",
        ),
        ("  plain: {}", "  plain:", "methods.plain: should be a mapping, such as {name: value}, not None"),
        (
            "kp: 0.01",
            "kpp: 0.01",
            "models.control_vae.kl_weight.kpp: no such name 'kpp' (did you mean 'kp'?)",
        ),
        ("epochs: 3,", "epochs: -16,", "datasets.kjv.training.epochs: input should be greater than 0; it is"),
        ("epochs: 3,", "epochs: many,", "datasets.kjv.training.epochs: input should be a valid integer"),
        ("epochs: 3,", "epochs: true,", "datasets.kjv.training.epochs: should be no truth value, not True"),
        ("epochs: 3,", "epochs: 9999999999,", "datasets.kjv.training.epochs: should be less than 2^32, not"),
        ("epochs: 3,", "", "datasets.kjv.training.epochs: should be stated; it has no default"),
        (
            "epochs: 3,",
            "epochs: 3, optimizer: adm,",
            "datasets.kjv.training.optimizer: input should be 'adam' or 'sgd'; it is 'adm'",
        ),
        (
            "epochs: 3,",
            "epochs: 3, momentum: 0.9,",
            "datasets.kjv.training.momentum: belongs to sgd, but optimizer is adam",
        ),
        (
            "learning_rate: 0.004",
            "learning_rate: .nan",
            "datasets.kjv.training.learning_rate: input should be a finite number; it is nan",
        ),
        (
            "split: {reserve: 600,",
            "split: {reserve: 1,",
            "datasets.kjv.split.reserve: input should be greater than or equal to 2; it is 1",
        ),
        (
            "split: {reserve: 600,",
            "split: {resrve: 600,",
            "datasets.kjv.split.resrve: no such name 'resrve' (did you mean 'reserve'?); valid: reserve",
        ),
        (
            "{use: bernoulli}",
            "{use: gauss}",
            "datasets.mnist5k.likelihood.use: no such name 'gauss' (did you mean 'gaussian'?); valid: bern",
        ),
        (
            "    kl_target: 3.0",
            "    target: 3.0",
            "datasets.kjv.target: no such name 'target' (did you mean 'kl_target'?)",
        ),
        (
            "    kl_target: 3.0",
            "",
            "models.control_vae.kl_weight.kl_target: should be stated; it has no default; "
            "datasets.kjv.kl_target may also state it",
        ),
        (
            "models: [vae, control_vae]",
            "models: [annealed]",
            "models.annealed.kl_weight.steps: should be stated; it has no default; "
            "datasets.mnist5k.arguments.linear.steps may also state it",
        ),
        (
            "noise: {flip",
            "nois: {flip",
            "datasets.mnist5k.arguments.nois: no such name 'nois' (did you mean 'noise'?)",
        ),
        (
            "noise: {flip",
            "noise: {flp",
            "datasets.mnist5k.arguments.noise.flp: no such name 'flp' (did you mean 'flip'?)",
        ),
        (
            "{use: adversarial}",
            "{use: adersarial}",
            "methods.noise+adversarial.perturbation.use: no such name 'adersarial' (did you",
        ),
        (
            "{use: bernoulli}",
            "{use: categorical}",
            "datasets.mnist5k: net and likelihood should be for the same kind of data; "
            "mlp is for images, categorical for tokens",
        ),
        ("hidden: 128", "hidden: true", "datasets.mnist5k.net.hidden: should be no truth value, not True"),
    ],
)
def test_a_mistake_in_an_entry_is_one_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert old in TEXT
    assert error(tmp_path, TEXT.replace(old, new, 1)).startswith(line)
