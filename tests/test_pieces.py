"""Laws over every piece, net, likelihood and data set: the files are discovered, a new one is tested without a word here."""

import inspect
from pathlib import Path

import pytest
import yaml

from uncollapse.errors import UserError
from uncollapse.experiment.params import Params
from uncollapse.experiment.pieces import check, resolve
from uncollapse.methods import SLOTS
from uncollapse.registry import PACKAGE, function, names

FOLDERS = [
    "nets",
    "likelihoods",
    "data",
    *(
        f"methods/{slot.name}"
        for slot in (PACKAGE / "methods").iterdir()
        if slot.is_dir() and slot.name != "__pycache__"
    ),
]
PIECES = [(folder, name) for folder in FOLDERS for name in names(folder)]
TEXT = """
grid:
  datasets: [mnist5k, kjv]
  models: [vae, control_vae]
  methods: [plain, skip]
  seeds: [0, 1, 2, 3]
datasets:
  mnist5k:
    source: {use: mnist5k}
    split: {reserve: 800, valid: 500, test: 500}
    net: {use: mlp, latents: 32, hidden: 128, encoder_layers: 2, decoder_layers: 4}
    likelihood: {use: bernoulli}
    training: {epochs: 10, batch_size: 64, learning_rate: 0.003}
    kl_target: 18.0
    arguments: {noise: {flip: 0.1}, adversarial: {radius: 0.01}}
  kjv:
    source: {use: kjv}
    split: {reserve: 600, valid: 400, test: 400}
    net: {use: lstm, latents: 16, embedding: 32, hidden: 48}
    likelihood: {use: categorical}
    training: {epochs: 3, batch_size: 32, learning_rate: 0.004}
    kl_target: 3.0
    arguments: {adversarial: {radius: 0.3}}
models:
  vae: {}
  control_vae: {kl_weight: {use: pi, kp: 0.01}}
methods:
  plain: {}
  skip: {decoder: {use: skip}}
  noise+adversarial: {perturbation: [{use: noise}, {use: adversarial}]}
evaluation: {samples: 50}
"""
OFFERED = {"kl_target": 3.0, "steps": 5, "period": 4, "radius": 0.1}


def test_the_folders_of_methods_are_the_slots() -> None:
    slots = {slot for entries in SLOTS.values() for slot in entries}
    assert {f"methods/{slot}" for slot in slots} == {
        folder for folder in FOLDERS if folder.startswith("methods/")
    }
    assert all(names(folder) for folder in FOLDERS)


@pytest.mark.parametrize(("folder", "name"), PIECES)
def test_a_piece_is_a_documented_function_of_typed_keyword_arguments(folder: str, name: str) -> None:
    piece = function(folder, name)
    assert piece.__doc__
    assert inspect.getmodule(piece).__doc__
    for argument in inspect.signature(piece).parameters.values():
        assert argument.kind is argument.KEYWORD_ONLY
        assert argument.annotation is not argument.empty


@pytest.mark.parametrize(("folder", "name"), PIECES)
def test_a_piece_refuses_an_argument_that_it_does_not_have(folder: str, name: str) -> None:
    with pytest.raises(UserError, match=r"^here\.nonsense: no such name"):
        resolve("here", folder, {"use": name, "nonsense": 1})


@pytest.mark.parametrize(("folder", "name"), [piece for piece in PIECES if piece[0].startswith("methods/")])
def test_a_piece_of_a_method_needs_nothing_but_its_name_and_resolves_to_itself(
    folder: str, name: str
) -> None:
    full = resolve("here", folder, {"use": name}, OFFERED)
    assert resolve("here", folder, full) == full


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_piece_file_is_short(folder: str) -> None:
    for name in names(folder):
        assert len((PACKAGE / folder / f"{name}.py").read_text().splitlines()) <= 200


def test_values_are_converted_as_dvc_reads_them() -> None:
    # PyYAML reads 1e-3 as a string, DVC as a number
    full = resolve("here", "methods/kl_weight", yaml.safe_load("{use: pi, ki: 1e-3}"), OFFERED)
    assert full["ki"] == 0.001


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (
            {"use": "pie"},
            "here.use: no such name 'pie' (did you mean 'pi'?); valid: constant, cyclical, free_bits, linear, pi",
        ),
        ({"use": "constant", "bta": 1}, "here.bta: no such name 'bta' (did you mean 'beta'?); valid: beta"),
        ({"use": "constant", "beta": -1}, "here.beta: input should be greater than or equal to 0; it is -1"),
        ({"use": "constant", "beta": float("inf")}, "here.beta: input should be a finite number; it is inf"),
        ({"use": "constant", "beta": [1]}, "here.beta: input should be a valid number; it is [1]"),
        ({"use": "pi"}, "here.kl_target: should be stated; it has no default"),
        ({"use": "pi", "kl_target": 1, "low": 2}, "here: low (2.0) should be less than high (1.0)"),
        ({"beta": 1}, "here: should name a piece, such as {use: constant}, not {'beta': 1}"),
        ("constant", "here: should name a piece, such as {use: constant}, not 'constant'"),
    ],
)
def test_a_mistake_is_one_line_with_the_key_and_what_is_valid(entry: object, line: str) -> None:
    with pytest.raises(UserError) as told:
        resolve("here", "methods/kl_weight", entry)
    text = str(told.value)
    assert line in text
    assert "\n" not in text


def test_check_reports_a_missing_argument() -> None:
    def signature(*, size: int) -> None: ...

    with pytest.raises(UserError, match=r"^here\.size: should be stated"):
        check("here", signature, {})


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("datasets: [mnist5k, kjv]", "datasets: [mnist]", "grid.datasets: no such name 'mnist' (did you mean 'mnist5k'?); valid: mnist5k, kjv"),
        ("models: [vae,", "models: [vea,", "grid.models: no such name 'vea' (did you mean 'vae'?)"),
        ("methods: [plain, skip", "methods: [plain, skp", "grid.methods: no such name 'skp' (did you mean 'skip'?)"),
        ("seeds: [0, 1,", "seeds: [0, 0,", "grid.seeds: [0, 0, 2, 3] names something twice"),
        ("seeds: [0,", "seeds: [-1,", "grid.seeds.0: input should be greater than or equal to 0; it is -1"),
        ("seeds: [0, 1, 2, 3]", "seeds: []", "grid.seeds: list should have at least 1 item"),
        ("decoder: {use: skip}", "decoder: {use: skipp}", "methods.skip.decoder.use: no such name 'skipp' (did you mean 'skip'?); valid: plain, skip"),
        ("decoder: {use: skip}", "decodr: {use: skip}", "methods.skip.decodr: no such name 'decodr' (did you mean 'decoder'?)"),
        ("kp: 0.01", "kpp: 0.01", "models.control_vae.kl_weight.kpp: no such name 'kpp' (did you mean 'kp'?)"),
        ("epochs: 3,", "epochs: -16,", "datasets.kjv.training.epochs: input should be greater than 0; it is -16"),
        ("epochs: 3,", "epochs: many,", "datasets.kjv.training.epochs: input should be a valid integer"),
        ("{use: bernoulli}", "{use: gauss}", "datasets.mnist5k.likelihood.use: no such name 'gauss' (did you mean 'gaussian'?); valid: bernoulli, categorical, gaussian"),
        ("    kl_target: 3.0", "    target: 3.0", "datasets.kjv.target: no such name 'target' (did you mean 'kl_target'?)"),
        ("    kl_target: 3.0", "", "models.control_vae.kl_weight.kl_target: should be stated; it has no default; datasets.kjv.kl_target may state it too"),
        ("noise: {flip", "nois: {flip", "datasets.mnist5k.arguments.nois: no such name 'nois' (did you mean 'noise'?)"),
        ("noise: {flip", "noise: {flp", "datasets.mnist5k.arguments.noise.flp: no such name 'flp' (did you mean 'flip'?)"),
        ("[{use: noise}, {use: adversarial", "[{use: noise}, {use: adersarial", "methods.noise+adversarial.perturbation.use: no such name 'adersarial' (did you mean 'adversarial'?)"),
        ("{use: bernoulli}", "{use: categorical}", "datasets.mnist5k: net and likelihood should be for the same kind of data; mlp is for images, categorical for tokens"),
        ("hidden: 128", "hidden: true", "datasets.mnist5k.net.hidden: should be no truth value, not True"),
        ("evaluation: {samples", "evaluation: {sample", "evaluation.sample: no such name 'sample' (did you mean 'samples'?)"),
        ("evaluation:", "evaluations:", "top level.evaluations: no such name 'evaluations' (did you mean 'evaluation'?)"),
        ("methods:\n  plain: {}", "methods:\n  a/b: {}\n  plain: {}", None),
        ("methods: [plain, skip", "methods: [a/b, skip", "grid.methods.0: string should match pattern"),
        ("grid:", "grid: [", "not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_in_params_is_one_line(tmp_path: Path, old: str, new: str, line: str | None) -> None:
    assert old in TEXT
    (tmp_path / "params.yaml").write_text(TEXT.replace(old, new, 1))
    if line is None:
        Params(tmp_path / "params.yaml")
        return
    with pytest.raises(UserError) as told:
        Params(tmp_path / "params.yaml")
    assert str(told.value).startswith(f"params.yaml: {line}")
    assert "\n" not in str(told.value)
