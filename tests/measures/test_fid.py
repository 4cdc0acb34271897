"""The Frechet distance of images, and the classifier whose features it takes."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import linalg
from toys import toy_part, toy_vae

from uncollapse.data.features import FEATURES, add_classifier, read_classifier
from uncollapse.data.part import Part
from uncollapse.data.prepare import prepare
from uncollapse.data.sources import Example, Source
from uncollapse.likelihoods.bernoulli import bernoulli
from uncollapse.likelihoods.gaussian import gaussian
from uncollapse.measures import Trained
from uncollapse.measures.fid import extract_features, generate_images, measure, measure_frechet
from uncollapse.vae import encode_part

RNG = np.random.default_rng


def whitened(count: int, dimensions: int, seed: int) -> np.ndarray:
    """Points whose mean is 0 and whose covariance is I, exactly."""
    cloud = RNG(seed).normal(size=(count, dimensions))
    return np.linalg.svd(cloud - cloud.mean(0), full_matrices=False)[0] * math.sqrt(count)


def test_the_distance_of_two_gaussians_in_closed_form() -> None:
    """For diagonal covariances: |m - m'|^2 + sum (s_i - s_i')^2."""
    one, other = whitened(200, 3, 0) * [1, 2, 0.5] + [0, 1, 0], whitened(300, 3, 1) * [3, 2, 0] + [2, 1, -1]
    assert measure_frechet(one, other) == pytest.approx(2**2 + 1**2 + 2**2 + 0.5**2)
    assert measure_frechet(other, one) == pytest.approx(measure_frechet(one, other))


def test_the_distance_is_that_of_the_root_of_the_product() -> None:
    one, other = RNG(0).normal(size=(100, 5)) @ RNG(1).normal(size=(5, 5)), RNG(2).normal(size=(80, 5)) + 1
    here, there = (np.cov(part.T, ddof=0) for part in (one, other))
    means = one.mean(0) - other.mean(0)
    expected = means @ means + np.trace(here + there - 2 * linalg.sqrtm(here @ there).real)
    assert measure_frechet(one, other) == pytest.approx(expected)


@pytest.mark.parametrize("rank", [1, 4, 10])
def test_equal_sets_have_no_distance(rank: int) -> None:
    """Also where features are always 0 or repeat others."""
    points = RNG(0).normal(size=(50, rank)) @ RNG(1).normal(size=(rank, 10))
    assert measure_frechet(points, points[::-1]) == pytest.approx(0, abs=1e-6)


def prepared(folder: Path, labels: bool = True, classes: int = 2) -> dict[str, Any]:
    """Toy images, which the label tells apart, as a prepared data set."""
    part = toy_part("images", 400)
    assert part.labels is not None
    names = [str(label % classes) if labels else None for label in part.labels]
    examples = [Example(x, label) for x, label in zip(part.x[:], names, strict=True)]
    counts: dict[str, Any] = {"reserve": 50, "valid": 50, "test": 100, "train": None, "seed": 0}
    return prepare(folder, Source(examples, "made up", "none"), bernoulli(), **counts)


def test_the_classifier_comes_with_the_data_and_is_the_same_again(tmp_path: Path) -> None:
    card = prepared(tmp_path / "a")
    assert card["classifier_accuracy"] > 0.95
    assert json.loads((tmp_path / "a/card.json").read_text()) == card
    assert "classifier.safetensors" in card["sha256"]
    torch.manual_seed(7)
    state = torch.get_rng_state()
    assert prepared(tmp_path / "b")["sha256"] == card["sha256"]
    assert torch.equal(torch.get_rng_state(), state)
    net = read_classifier(tmp_path / "a")
    assert net is not None
    assert net.features(torch.zeros(3, 4, 4)).shape == (3, FEATURES)


def test_without_labels_or_images_there_is_no_classifier(tmp_path: Path) -> None:
    for name, made in (("none", {"labels": False}), ("one", {"classes": 1})):
        assert "classifier_accuracy" not in prepared(tmp_path / name, **made)
        assert read_classifier(tmp_path / name) is None
    tokens = toy_part("tokens")
    assert add_classifier(tmp_path, tokens, tokens, bernoulli()) is None


def test_labels_that_cannot_be_told_are_not(tmp_path: Path) -> None:
    grey = RNG(0).integers(0, 256, (800, 4, 4), np.uint8)
    part = Part(grey[:400], RNG(1).integers(0, 2, 400))
    accuracy = add_classifier(tmp_path, part, Part(grey[400:], RNG(2).integers(0, 2, 400)), bernoulli())
    assert accuracy == pytest.approx(0.5, abs=0.1)


def run_of(folder: Path, **changes: Any) -> Trained:
    """A toy VAE as it is measured."""
    vae = toy_vae("images", seed=2)
    for name, value in changes.items():
        setattr(vae, name, value)
    part = Part(bernoulli().draw(toy_part("images", 400).x[:], RNG(0)))
    return Trained(vae, {"test": part}, {"test": encode_part(vae, part)}, {}, {}, 0, folder)


def test_generated_images_are_of_the_type_of_the_data() -> None:
    vae, z = toy_vae("images"), torch.zeros(600, 3)
    binary = generate_images(vae, z, np.zeros((1, 4, 4), np.uint8), RNG(0))
    assert binary.dtype == np.uint8
    assert set(np.unique(binary)) == {0, 255}
    mean = vae.likelihood.mean(vae.output(z[:1], torch.zeros(1, 4, 4))).detach().numpy()
    assert binary.mean(0) / 255 == pytest.approx(mean[0], abs=4 * 0.5 / math.sqrt(600))
    vae.likelihood = gaussian()
    real = generate_images(vae, z, np.zeros((1, 4, 4), np.float32), RNG(0))
    assert real.dtype == np.float32
    assert (real == real[0]).all()


def test_a_collapsed_vae_has_one_distance_and_the_data_themselves_a_smaller_one(tmp_path: Path) -> None:
    prepared(tmp_path)
    run = run_of(tmp_path)
    run.q["test"].mu.zero_()
    run.q["test"].logvar.zero_()
    got = measure(run)
    assert got == measure(run)
    assert got["fid_reconstructions"] == pytest.approx(got["fid"], rel=0.2)
    net = read_classifier(tmp_path)
    assert net is not None
    others = bernoulli().draw(toy_part("images", 400, seed=5).x[:], RNG(1))
    assert (
        measure_frechet(extract_features(net, others), extract_features(net, run.parts["test"].x[:]))
        < 0.2 * got["fid"]
    )


def test_what_cannot_be_measured_is_nan(tmp_path: Path) -> None:
    prepared(tmp_path / "labelled")
    prepared(tmp_path / "unlabelled", labels=False)
    pixel_by_pixel = run_of(tmp_path / "labelled", autoregressive=True)
    for run in (run_of(tmp_path / "unlabelled"), pixel_by_pixel):
        assert all(map(math.isnan, measure(run).values()))
