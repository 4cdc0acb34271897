"""The plain decoder: z enters where the net itself lets it in, and nowhere else."""

from torch import Tensor, nn

from uncollapse.methods.decoder import Join


class Closed(nn.Module):
    """No path from z to this layer."""

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        """h, as it is."""
        return h


def plain() -> Join:
    """No path from z into later layers."""
    return lambda latents, features: Closed()
