"""The method of a VAE without any remedy, for code that needs no recipe.

Digests of code follow imports, and the default pieces are built by their names. So a recipe whose code
reaches this file names them too (`uncollapse.experiment.make_recipes.digest_sources`).
"""

from uncollapse.methods import Method
from uncollapse.methods.kl_weight import KLWeight


def plain_vae(kl_weight: KLWeight) -> Method:
    """Build the method with this KL weight and the default piece in every other slot."""
    return Method(**{**vars(Method.build({})), "kl_weight": kl_weight})
