"""Which entries are compared with which: what they fill in decides, not their names."""

from pathlib import Path
from typing import Any

import yaml

from uncollapse.experiment.comparisons import find_roles
from uncollapse.experiment.params import Params

ROOT = Path(__file__).parent.parent.parent


def roles_of(
    folder: Path, models: list[str], methods: list[str], more: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["grid"] = {"datasets": ["kjv"], "models": models, "methods": methods, "seeds": [0]}
    params["grid"]["tuning_seeds"] = [1000]
    for section, entries in (more or {}).items():
        params[section] |= entries
    params["models"]["nameless"] = {}
    params["methods"]["nothing"] = {"inference": {"use": "joint"}}
    params["methods"]["weaker"] = {"perturbation": [{"use": "noise", "drop": 0.1}, {"use": "word_dropout"}]}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    return find_roles(Params(folder / "params.yaml"))


def test_defaults_are_the_vae_and_the_plain_method_whatever_their_names(tmp_path: Path) -> None:
    result = roles_of(tmp_path, ["control_vae", "nameless"], ["skip", "nothing"])
    assert (result["vae"], result["plain"]) == ("nameless", "nothing")
    result = roles_of(tmp_path, ["beta_vae"], ["skip"])
    assert (result["vae"], result["plain"]) == (None, None)


def test_what_is_tuned_is_neither_the_baseline_nor_a_part_of_what_is_not(tmp_path: Path) -> None:
    more = {
        "models": {"beta_tuned": {"kl_weight": {"use": "constant"}, "tune": {"kl_weight.beta": [0.2, 0.5]}}},
        "methods": {
            "norm_tuned": {"posterior": {"use": "batch_norm"}, "tune": {"posterior.gamma": [0.3, 1.0]}},
            "skip+norm": {"decoder": {"use": "skip"}, "posterior": {"use": "batch_norm"}},
        },
    }
    methods = ["plain", "skip", "norm_tuned", "batch_norm", "skip+norm"]
    result = roles_of(tmp_path, ["beta_tuned", "vae"], methods, more)
    assert (result["vae"], result["plain"]) == ("vae", "plain")
    assert result["combinations"] == {"skip+norm": ["skip", "batch_norm"], "norm_tuned": []}


def test_a_combination_has_parts_that_do_the_same_and_less(tmp_path: Path) -> None:
    methods = [
        "plain",
        "skip",
        "aggressive",
        "skip+aggressive",
        "noise",
        "adversarial",
        "noise+adversarial",
        "weaker",
    ]
    result = roles_of(tmp_path, ["vae"], methods)
    assert result["combinations"] == {
        "skip+aggressive": ["skip", "aggressive"],
        "noise+adversarial": ["noise", "adversarial"],
        "weaker": [],
    }


def test_what_pretrains_has_the_control_that_differs_in_nothing_else(tmp_path: Path) -> None:
    methods = ["plain", "skip", "pretrained", "autoencoder", "no_reserve"]
    expected = {"pretrained": "no_reserve", "autoencoder": "no_reserve"}
    assert roles_of(tmp_path, ["vae"], methods)["controls"] == expected
    assert roles_of(tmp_path, ["vae"], methods[:-1])["controls"] == {}
