"""The slot `posterior` of methods.

How is q(z|x) parameterised?

A piece gives `head(features, latents)`, which makes a module from the encoder's features, (B, features), to
mu and logvar, (B, latents) each.
"""

from collections.abc import Callable

from torch import nn

Head = Callable[[int, int], nn.Module]
