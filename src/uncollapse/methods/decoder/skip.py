"""Skip connections lead from z into every layer of the decoder.

Dieng et al. 2019, arXiv 1807.04863, section 3.

    h_1 = f_0(z),    h_{l+1} = g(f_l(h_l), z)       with other parameters at every layer l

g joins z to the layer's input: W [h; z] = W_h h + W_z z. W_z is a separate layer, so W_h starts with the same
weights as without skip connections, and the runs of both decoders are paired.
"""

from torch import Tensor, nn

from uncollapse.methods.decoder import Join


class Open(nn.Module):
    """A layer that adds W_z z to pre-activations."""

    def __init__(self, latents: int, features: int):
        super().__init__()
        self.path = nn.Linear(latents, features, bias=False)

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        """Return h + W_z z, for h (B, ..., features) and z (B, latents)."""
        path = self.path(z)
        return h + path.view(len(z), *[1] * (h.ndim - 2), -1)


def skip() -> Join:
    """Return a join with a path from z into every layer."""
    return Open
