"""The slot `decoder` of methods.

Where does z enter the decoder?

A piece gives `join(latents, features)`, which makes a module for one layer of a decoder. The module is called
with the layer's pre-activations, or with what the layer reads, (B, ..., features), and with z, (B, latents);
it gives something of the same shape. A net asks for one such module wherever a path from z may enter.
"""

from collections.abc import Callable

from torch import nn

Join = Callable[[int, int], nn.Module]
