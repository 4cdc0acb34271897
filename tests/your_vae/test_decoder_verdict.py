"""A verdict on q(z|x) does not stand against what the decoder reads of z."""

import math

import pytest
import torch
from torch import Tensor

import uncollapse
from uncollapse.your_vae.decoder.decoder_use import Reads

READS = Reads(n=1000, own=10.0, other=5.2, other_low=5.0, other_high=5.4)
READS_NOTHING = Reads(n=1000, own=10.0, other=0.02, other_low=-0.02, other_high=0.06)
NOT_KNOWN = Reads(n=10, own=10.0, other=1.0, other_low=-3.0, other_high=5.0)


def posterior(share: float) -> tuple[Tensor, Tensor]:
    """Return a channel of four dimensions: mu ~ N(0, share) and variance 1 - share."""
    mu = math.sqrt(share) * torch.randn(1000, 4, generator=torch.Generator().manual_seed(0))
    return mu, torch.full_like(mu, math.log(1 - share))


def test_a_decoder_that_reads_nothing_has_a_collapsed_z() -> None:
    found = uncollapse.diagnose(*posterior(0.8), reads=READS_NOTHING)
    assert found.verdict == (
        "collapsed: the decoder does not read z: it loses 0.02 nats with the z of another example, though z "
        f"tells {found.mi:.2f} nats about x"
    )
    assert found.as_dict()["decoder"] == found.verdict


def test_a_decoder_that_reads_a_dead_z_is_in_doubt() -> None:
    assert uncollapse.diagnose(*posterior(0.0), reads=READS).verdict == (
        "in doubt: q(z|x) tells nothing about x, but the decoder loses 5.20 nats with the z of another "
        "example; hand over the q(z|x) that is sampled"
    )


@pytest.mark.parametrize(
    ("share", "reads"), [(0.8, READS), (0.0, READS_NOTHING), (0.8, NOT_KNOWN), (0.0, NOT_KNOWN), (0.8, None)]
)
def test_without_a_contradiction_the_verdict_stays(share: float, reads: Reads | None) -> None:
    word = "healthy" if share else "collapsed"
    assert uncollapse.diagnose(*posterior(share), reads=reads).verdict == word


def test_anything_else_is_one_line() -> None:
    with pytest.raises(ValueError, match=r"^reads: should be a result of uncollapse.reads, not of float$"):
        uncollapse.diagnose(*posterior(0.5), reads=5.2)
