"""The codes of a VQ-VAE: which are in use, in words and numbers, however they are handed over."""

import re
from typing import Any

import numpy as np
import pytest
import torch
from page_examples import check_examples

import uncollapse

GENERATOR = torch.Generator().manual_seed(0)
THREE = torch.randint(0, 3, (2000, 64), generator=GENERATOR)
EVEN = torch.randint(0, 512, (2000, 64), generator=GENERATOR)


def test_a_collapsed_book_is_told() -> None:
    found = uncollapse.diagnose(codes=THREE, size=512)
    assert found.verdict == "codebook collapse: 3 of 512 codes are in use, perplexity 3.0"
    assert (found.n, found.draws, found.size, found.used, found.dead) == (2000, 128_000, 512, 3, 509)
    assert found.entropy == pytest.approx(np.log(3), abs=1e-4)
    assert found.perplexity_interval == pytest.approx(np.exp(found.entropy_interval))


@pytest.mark.parametrize(
    ("codes", "size", "verdict"),
    [
        (EVEN, 512, "healthy: 512 of 512 codes are in use, perplexity 512"),
        (EVEN[:, 0], 512, r"healthy: \d+ of 512 codes are in use, perplexity 51\d"),
        (EVEN.reshape(2000, 8, 8) // 2, 512, "dead codes: 256 of 512 codes are in use, perplexity 256"),
        (EVEN[:30, :4], 512, r"unknown: take more examples than 30: .*, and 8\d % of the codes of new ones"),
        (THREE[:10], 512, "codebook collapse: 3 of 512"),
        (EVEN[:10], 512, "unknown: take more examples than 10: the perplexity lies between"),
        (EVEN * 0, 512, "collapsed: nearly every example has the same codes"),
        (torch.arange(64).expand(2000, 64), 64, "collapsed: nearly every example has the same codes"),
        (EVEN % 2, 2, r"healthy: 2 of 2 codes are in use, perplexity 2\.0"),
        ((EVEN == 0).long(), 2, "collapsed: nearly every"),
    ],
)
def test_the_verdict_is_in_words(codes: Any, size: int, verdict: str) -> None:
    assert re.match(verdict, uncollapse.diagnose(codes=codes, size=size).verdict)


def test_codes_that_were_not_seen_in_few_draws_are_not_called_dead() -> None:
    found = uncollapse.diagnose(codes=EVEN[:, 0], size=512)
    assert found.used < 512
    assert found.dead is None
    assert found.missing == pytest.approx(np.exp(-2000 / 512), abs=0.01)


def test_positions_at_which_nothing_changes_are_counted() -> None:
    still = torch.zeros(2000, 6, dtype=torch.int64)
    found = uncollapse.diagnose(codes=torch.cat([still, EVEN], 1), size=512)
    assert found.verdict.endswith("; 6 of 70 positions have the same code in nearly every example")
    assert found.position_entropies.shape == (70,)
    assert not found.position_entropies[:6].any()
    assert len(found.as_dict()["position_entropies"]) == 70
    assert found.as_dict()["verdict"] == found.verdict


def test_every_way_to_hand_codes_over_gives_the_same() -> None:
    given = uncollapse.diagnose(codes=THREE, size=4).as_dict()
    padded = torch.cat([THREE, torch.full((2000, 3), -1)], 1)
    for codes in (THREE.numpy(), THREE.int(), THREE.double(), THREE.tolist(), list(THREE.split(300))):
        assert uncollapse.diagnose(codes=codes, size=np.int64(4)).as_dict() == given
    other = uncollapse.diagnose(codes=padded, size=4)
    assert (other.entropy, other.draws, other.used) == (given["entropy"], given["draws"], given["used"])


def test_each_book_of_a_residual_vq_has_a_diagnosis() -> None:
    levels = torch.stack([EVEN[:, 0] % 256, EVEN[:, 1] % 2, EVEN[:, 2] * 0], 1)
    found = uncollapse.diagnose(codes=levels, size=[256, 256, 256])
    assert [one.used for one in found] == [256, 2, 1]
    assert [one.verdict.split(":")[0] for one in found] == ["healthy", "codebook collapse", "collapsed"]
    listed = uncollapse.diagnose(codes=list(levels.T), size=[256, 256, 256])
    assert [one.as_dict() for one in listed] == [one.as_dict() for one in found]
    pooled = uncollapse.diagnose(codes=levels, size=256)
    assert pooled.verdict.endswith(
        "if the last axis has the levels of a residual VQ, pass size=[256, 256, 256]"
    )


@pytest.mark.parametrize("spread", [{"logvar": torch.zeros(2000, 6)}, {"std": torch.full((2000, 6), 1e-3)}])
def test_quantised_vectors_are_not_taken_for_means(spread: dict[str, torch.Tensor]) -> None:
    book = torch.randn(512, 6, generator=torch.Generator().manual_seed(0))
    verdict = uncollapse.diagnose(book[THREE[:, 0]], **spread).verdict
    assert verdict.startswith("holes: q(z) is ")
    assert "; mu has only 3 different rows in 2000 examples, and one logvar; for the codes" in verdict
    assert uncollapse.diagnose(torch.zeros(2000, 6), **spread).verdict.startswith(("collapsed", "holes"))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"codes": THREE}, "size: should be the number of codes in the book, 2 or more, not None"),
        ({"size": 512}, "size: is the number of codes in a book, and needs codes= beside it"),
        (
            {"codes": THREE, "size": 2.5},
            "size: should be the number of codes in the book, 2 or more, not 2.5",
        ),
        (
            {"codes": THREE, "size": 2},
            "codes: should be from 0 to size - 1 = 1, or -1 for none; they are from 0 to 2",
        ),
        (
            {"codes": THREE - 2, "size": 2},
            "codes: should be from 0 to size - 1 = 1, or -1 for none; .* -2 to 0",
        ),
        ({"codes": THREE * 0.5, "size": 9}, "codes: should be whole numbers"),
        ({"codes": THREE > 0, "size": 2}, "codes: should be an array of real numbers, not of bool"),
        ({"codes": THREE[:1], "size": 9}, "codes: should have the shape .*, not .1, 64."),
        ({"codes": THREE * 0 - 1, "size": 9}, "codes: fewer than two examples have a code that is not -1"),
        (
            {"codes": torch.eye(9)[THREE], "size": 9},
            r"codes: seem to be one-hot vectors; pass codes.argmax\(-1\)",
        ),
        (
            {"codes": list(THREE), "size": 9},
            "codes: a list of arrays with one axis may be examples or batches",
        ),
        (
            {"codes": [THREE, THREE[:, 1:]], "size": 9},
            "codes: the batches in the list .* not .63,. and .64,.",
        ),
        ({"codes": THREE, "size": [9, 9]}, "size: has 2 numbers for 64 books"),
        ({"codes": [[1, 2], [3]], "size": 9}, "codes: cannot be read as an array"),
        ({"codes": THREE, "size": 9, "mu": THREE}, "codes: should come with size= alone, not with mu"),
        (
            {"codes": THREE, "size": 9, "labels": THREE},
            "codes: should come with size= alone, not with labels",
        ),
        ({"codes": THREE, "size": np.zeros((3, 3))}, "size: should be the number of codes in the book"),
        ({"codes": THREE, "size": 2**70}, "size: should be the number of codes in the book"),
        ({}, "mu: should be given, with one of logvar, var and std, or else codes= and size="),
    ],
)
def test_what_cannot_be_codes_is_refused_in_one_line(arguments: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=line) as refused:
        uncollapse.diagnose(**arguments)
    assert "\n" not in str(refused.value)


def test_the_examples_of_the_page_print_what_stands_below_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_examples("discrete-latents.md", capsys) == 2
