"""A weight of the KL as a module, for a training loop of one's own."""

import torch
from torch import Tensor, nn

from uncollapse.methods.kl_weight import KLWeight


def to_single(x: Tensor) -> Tensor:
    """In single precision, where it has less: sums over a batch leave the range of half."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


class WeightedKL(nn.Module):
    """Weighs the KL of each batch by a schedule or controller, see `uncollapse.methods.kl_weight`.

    Its state is in buffers, so `state_dict` and `to` work; `beta` is the last weight. In `eval()` mode a call
    leaves the state as it is.
    """

    def __init__(
        self, rule: KLWeight, *, per_dimension: bool = False, reads_reconstruction: bool = False
    ) -> None:
        super().__init__()
        self.rule, self.per_dimension = rule, per_dimension
        self.reads_reconstruction = reads_reconstruction
        self.beta: Tensor | None = None
        for name, value in rule.init().items():
            self.register_buffer(name, value.clone())  # two may begin as one tensor

    def forward(self, kl: Tensor, reconstruction: Tensor | None = None) -> Tensor:
        """beta times the KL, in nats: the mean over a batch, of which `kl` is KL_i (B, D) or the sum over i
        (B,) or their mean (). Free bits need all KL_i. Raises ValueError, which names the argument.

        `reconstruction` is -log p(x|z) (B,) in nats, for rules that read it.
        """
        if not isinstance(kl, Tensor) or not kl.is_floating_point() or not kl.numel():
            raise ValueError("kl: should be a tensor of real numbers, (B, D), (B,) or ()")
        if self.per_dimension and kl.ndim < 2:
            raise ValueError(f"kl: should be KL_i of each dimension, (B, D), not {tuple(kl.shape)}")
        if self.reads_reconstruction and reconstruction is None:
            raise ValueError("reconstruction: this weight is made of it, -log p(x|z) (B,) in nats")
        rows = kl.reshape(len(kl), -1) if kl.ndim else kl.reshape(1, 1)
        other = rows.new_zeros(len(rows)) if reconstruction is None else reconstruction.detach()
        before = dict(self.named_buffers())
        beta, state = self.rule.update(before, to_single(rows).detach(), to_single(other))
        if self.training:
            # a loss that is not finite, whose step is to be skipped, would stay in the state
            usable = rows.detach().isfinite().all()
            for name, value in state.items():
                kept = before[name].to(value.device)
                setattr(self, name, torch.where(usable & value.isfinite(), value, kept))
        self.beta = beta
        return (beta * to_single(rows)).sum(1).mean()
