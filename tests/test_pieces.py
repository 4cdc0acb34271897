"""Laws over every piece, net, likelihood and data set. The files are found: a new one is tested too."""

import inspect
import pickle
from pathlib import Path

import pytest
import yaml

from uncollapse import registry
from uncollapse.errors import MissingArgument, UserError
from uncollapse.experiment.params import Params
from uncollapse.experiment.pieces import check, resolve
from uncollapse.methods import SLOTS, kl_weight
from uncollapse.registry import DATASET_FOLDERS, PACKAGE, folder, function, names
from uncollapse.training import Training

SLOT_FOLDERS = [f"methods/{file.parent.name}" for file in sorted(PACKAGE.glob("methods/*/__init__.py"))]
FOLDERS = [*DATASET_FOLDERS.values(), *SLOT_FOLDERS]
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
  annealed: {kl_weight: {use: linear}}
methods:
  plain: {}
  skip: {decoder: {use: skip}}
  noise+adversarial: {perturbation: [{use: noise}, {use: adversarial}]}
evaluation: {samples: 50}
"""
OFFERED = {"kl_target": 3.0, "steps": 5, "period": 4, "radius": 0.1}


def test_the_folders_of_methods_are_the_slots() -> None:
    slots = {slot for entries in SLOTS.values() for slot in entries}
    assert {folder(slot) for slot in slots} == set(SLOT_FOLDERS)
    assert all(names(each) for each in FOLDERS)


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
        ({"use": "pie"}, "here.use: no such name 'pie' (did you mean 'pi'?); valid: constant, cyclical, "),
        ({"use": "constant", "bta": 1}, "here.bta: no such name 'bta' (did you mean 'beta'?); valid: beta"),
        ({"use": "constant", "beta": -1}, "here.beta: input should be greater than or equal to 0; it is -1"),
        ({"use": "constant", "beta": float("inf")}, "here.beta: input should be a finite number; it is inf"),
        ({"use": "constant", "beta": float("nan")}, "here.beta: input should be a finite number; it is nan"),
        ({"use": "constant", "beta": True}, "here.beta: should be no truth value, not True"),
        ({"use": "constant", "beta": [1]}, "here.beta: input should be a valid number; it is [1]"),
        ({"use": "pi"}, "here.kl_target: should be stated; it has no default"),
        ({"use": "pi", "kl_target": 1, "low": 2}, "here: low (2.0) should be less than high (1.0)"),
        ({"use": ["pi"]}, "here.use: no such name ['pi']; valid: constant"),
        ({"beta": 1}, "here: should name a piece, such as {use: constant}, not {'beta': 1}"),
        ("constant", "here: should name a piece, such as {use: constant}, not 'constant'"),
    ],
)
def test_a_mistake_is_one_line_with_the_key_and_what_is_valid(entry: object, line: str) -> None:
    with pytest.raises(UserError) as error:
        resolve("here", "methods/kl_weight", entry)
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)


def test_a_missing_argument_is_named() -> None:
    def signature(*, size: int) -> None: ...

    with pytest.raises(MissingArgument, match=r"^here\.size: should be stated") as error:
        check("here", signature, {})
    assert error.value.argument == "size"
    copy = pickle.loads(pickle.dumps(error.value))  # as from a worker process
    assert (str(copy), copy.argument) == (str(error.value), "size")


def test_a_new_file_in_a_folder_of_pieces_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = tmp_path / "methods" / "kl_weight"
    made_up.mkdir(parents=True)
    (made_up / "made_up.py").write_text("def made_up(*, size: int = 3): return size\n")
    monkeypatch.setattr(registry, "PACKAGE", tmp_path)
    monkeypatch.setattr(kl_weight, "__path__", [*kl_weight.__path__, str(made_up)])
    assert names("methods/kl_weight") == ["made_up"]
    assert resolve("here", "methods/kl_weight", {"use": "made_up"}) == {"use": "made_up", "size": 3}


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
        ("datasets: [mnist5k, kjv]", "datasets: [..]", "grid.datasets.0: string should match pattern"),
        (
            "datasets: [mnist5k, kjv]",
            "datasets: [5]",
            "grid.datasets.0: input should be a valid string; it is 5",
        ),
        ("  datasets: [mnist5k, kjv]\n", "", "grid.datasets: should be stated; it has no default"),
        ("models: [vae,", "models: [vea,", "grid.models: no such name 'vea' (did you mean 'vae'?)"),
        ("[plain, skip", "[plain, skp", "grid.methods: no such name 'skp' (did you mean 'skip'?)"),
        ("[plain, skip", "[a/b, skip", "grid.methods.0: string should match pattern"),
        ("[plain, skip", "[plain, plain", "grid.methods: ['plain', 'plain'] names something twice; name it"),
        ("seeds: [0, 1,", "seeds: [0, 0,", "grid.seeds: [0, 0, 2, 3] names something twice; name it once"),
        ("seeds: [0,", "seeds: [true,", "grid.seeds: should be no truth value, not True"),
        ("seeds: [0,", "seeds: [-1,", "grid.seeds.0: input should be greater than or equal to 0; it is -1"),
        ("seeds: [0, 1, 2, 3]", "seeds: []", "grid.seeds: list should have at least 1 item"),
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
        ("epochs: 3,", "", "datasets.kjv.training.epochs: should be stated; it has no default"),
        (
            "epochs: 3,",
            "epochs: 3, optimizer: adm,",
            "datasets.kjv.training.optimizer: input should be 'adam' or 'sgd'; it is 'adm'",
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
            "datasets.kjv.kl_target may state it too",
        ),
        (
            "models: [vae, control_vae]",
            "models: [annealed]",
            "models.annealed.kl_weight.steps: should be stated; it has no default; "
            "datasets.mnist5k.arguments.linear.steps may state it too",
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
        (
            "evaluation: {samples",
            "evaluation: {sample",
            "evaluation.sample: no such name 'sample' (did you mean 'samples'?)",
        ),
        (
            "evaluation:",
            "evaluations:",
            "evaluations: no such name 'evaluations' (did you mean 'evaluation'?); valid: grid, datasets",
        ),
        ("evaluation: {samples: 50}", "", "evaluation: should be stated; it has no default"),
        ("grid:", "grid: [", "not YAML"),
    ],
)
def test_a_mistake_in_params_is_one_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert old in TEXT
    (tmp_path / "params.yaml").write_text(TEXT.replace(old, new, 1))
    with pytest.raises(UserError) as error:
        Params(tmp_path / "params.yaml")
    assert str(error.value).startswith(f"params.yaml: {line}")
    assert "\n" not in str(error.value)


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
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(UserError) as error:
        Params(tmp_path / "params.yaml")
    assert str(error.value) == f"params.yaml: {line}"


def test_what_the_grid_does_not_name_is_free_in_its_name(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(TEXT.replace("methods:\n  plain:", "methods:\n  a/b: {}\n  plain:"))
    assert "a/b" in Params(tmp_path / "params.yaml").stated.methods


def test_the_training_budget_has_defaults_that_give_the_same_numbers() -> None:
    budget = check("here", Training, {"epochs": 3, "batch_size": 2, "learning_rate": 0.1})
    assert budget.pop("clip") == 5.0
    assert budget.items() >= {"optimizer": "adam", "patience": None, "min_epochs": 1}.items()
