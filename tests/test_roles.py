"""Which entries are compared with which: what they fill in decides, not their names."""

from pathlib import Path

import yaml

from uncollapse.experiment.params import Params
from uncollapse.experiment.roles import roles

ROOT = Path(__file__).parent.parent


def roles_of(folder: Path, models: list[str], methods: list[str]) -> dict[str, object]:
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["grid"] = {"datasets": ["kjv"], "models": models, "methods": methods, "seeds": [0]}
    params["models"]["nameless"] = {}
    params["methods"]["nothing"] = {"inference": {"use": "joint"}}
    params["methods"]["weaker"] = {"perturbation": [{"use": "noise", "drop": 0.1}, {"use": "word_dropout"}]}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    return roles(Params(folder / "params.yaml"))


def test_defaults_are_the_vae_and_the_plain_method_whatever_their_names(tmp_path: Path) -> None:
    result = roles_of(tmp_path, ["control_vae", "nameless"], ["skip", "nothing"])
    assert (result["vae"], result["plain"]) == ("nameless", "nothing")
    result = roles_of(tmp_path, ["beta_vae"], ["skip"])
    assert (result["vae"], result["plain"]) == (None, None)


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
