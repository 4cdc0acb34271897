"""Skip connections from z into every layer of the decoder (Dieng et al. 2019, arXiv 1807.04863, section 3).

    h_1 = f_0(z),    h_{l+1} = g(f_l(h_l), z)       with parameters of its own at every layer l

g joins z to the layer's input: W [h; z] = W_h h + W_z z. W_z is a layer of its own, so W_h starts with
the weights that it has without skip connections and the runs of both decoders are paired.
"""

from torch import Tensor, nn

from uncollapse.methods.decoder import Join


class Open(nn.Module):
    """Adds W_z z to the pre-activations of a layer."""

    def __init__(self, latents: int, features: int):
        super().__init__()
        self.path = nn.Linear(latents, features, bias=False)

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        """h + W_z z, for h (B, ..., features) and z (B, latents)."""
        path = self.path(z)
        return h + path.view(len(z), *[1] * (h.ndim - 2), -1)


def skip() -> Join:
    """A path from z into every layer."""
    return Open
