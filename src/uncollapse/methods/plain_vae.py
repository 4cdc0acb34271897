"""The method of a VAE without any remedy, for code that needs no recipe.

Such code imports its pieces, for digests of code follow imports: a piece that is built by its name is in a
digest only because a recipe names it. The pieces here are the defaults of `SLOTS`.
"""

from uncollapse.methods import Method
from uncollapse.methods.auxiliary.no_task import no_task
from uncollapse.methods.bound.elbo import elbo
from uncollapse.methods.decoder.plain import plain
from uncollapse.methods.divergence.kl import kl
from uncollapse.methods.inference.joint import joint
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.methods.posterior.gaussian import gaussian
from uncollapse.methods.pretraining.none import none


def plain_vae(kl_weight: KLWeight) -> Method:
    """The default in every slot, and this KL weight."""
    return Method(
        kl_weight=kl_weight,
        divergence=kl(),
        bound=elbo(),
        decoder=plain(),
        posterior=gaussian(),
        inference=joint(),
        pretraining=none(),
        perturbation=[],
        auxiliary=no_task(),
    )
