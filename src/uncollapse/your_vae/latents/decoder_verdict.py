"""What a diagnosis of q(z|x) says beside what the decoder reads of z."""

from dataclasses import replace
from typing import Any

from uncollapse.your_vae.decoder.decoder_use import HARDLY, Reads
from uncollapse.your_vae.latents.diagnosis import Diagnosis
from uncollapse.your_vae.latents.latent_verdict import quote_information


def add_reads(found: Diagnosis, reads: Any) -> Diagnosis:
    """Return a diagnosis whose verdict also knows what the decoder reads, a result of `uncollapse.reads`.

    Where the two agree, or `reads` is None, it stays as it is. Raises ValueError if `reads` is anything else.
    """
    if reads is None:
        return found
    if not isinstance(reads, Reads):
        raise ValueError(f"reads: should be a result of uncollapse.reads, not of {type(reads).__name__}")
    lost = f"{reads.other:.2f} nats with the z of another example"
    if found.doubt or found.outliers:
        return found
    if found.verdict.startswith("collapsed"):
        if reads.answer != "reads" or reads.other_low < HARDLY:
            return found
        told = f"q(z|x) tells nothing about x, but the decoder loses {lost}"
        return replace(found, doubt=f"in doubt: {told}; hand over the q(z|x) that is sampled")
    if reads.answer != "does not read":
        return found
    told = f"z tells {quote_information(found)} nats about x"
    return replace(found, decoder=f"collapsed: the decoder does not read z: it loses {lost}, though {told}")
