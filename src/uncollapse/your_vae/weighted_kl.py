"""A weight of the KL as a module, for a training loop of one's own."""

from typing import Any, cast

import torch
from torch import Tensor, nn

from uncollapse.methods.kl_weight import KLWeight


def to_single(x: Tensor) -> Tensor:
    """Convert to single precision, where x has less: sums over a batch leave the range of half."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


MISSING = "reconstruction: this weight reads it; pass -log p(x|z) (B,) in nats"


def refuse_reading(*call: Any) -> Any:
    """Raise ValueError in place of what an operator of Python would return."""
    raise ValueError(MISSING)


class NoReconstruction:
    """The reconstruction that a caller left out: whatever reads it raises ValueError."""

    # Python looks these up in the class, and never asks __getattr__.
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __pow__ = __rpow__ = refuse_reading
    __truediv__ = __rtruediv__ = __neg__ = __abs__ = __float__ = __bool__ = refuse_reading
    __lt__ = __le__ = __gt__ = __ge__ = __len__ = __iter__ = __getitem__ = refuse_reading

    def __getattr__(self, name: str) -> Any:
        raise ValueError(MISSING)

    @classmethod
    def __torch_function__(cls, *call: Any, **options: Any) -> Any:
        """Refuse to stand in a function or an operator of torch."""
        raise ValueError(MISSING)


class WeightedKL(nn.Module):
    """A module that weighs the KL of each batch, by a piece of `uncollapse.methods.kl_weight`.

    Its state is in buffers, so `state_dict` and `to` work; `beta` is the last weight. In `eval()` mode a call
    leaves the state as it is.
    """

    def __init__(self, rule: KLWeight) -> None:
        super().__init__()
        self.rule = rule
        self.beta: Tensor | None = None
        for name, value in rule.init().items():
            self.register_buffer(name, value.clone())  # Two may begin as one.

    def forward(self, kl: Tensor, reconstruction: Tensor | None = None) -> Tensor:
        """Return beta times the KL, in nats, the mean over a batch.

        `kl` is KL_i (B, D), their sum (B,) or the mean of these sums (); a sum counts as one dimension.
        `reconstruction` is -log p(x|z) (B,) in nats, for rules that read it. Raises ValueError, which names
        the argument, also where a rule needs KL_i or the reconstruction and is not given it.
        """
        if not isinstance(kl, Tensor) or not kl.is_floating_point() or not kl.numel():
            raise ValueError("kl: should be a tensor of real numbers, (B, D), (B,) or ()")
        if self.rule.per_dimension and kl.ndim < 2:
            raise ValueError(f"kl: should be KL_i of each dimension, (B, D), not {tuple(kl.shape)}")
        rows = kl.reshape(len(kl), -1) if kl.ndim else kl.reshape(1, 1)
        if reconstruction is None:
            read = cast(Tensor, NoReconstruction())
        else:
            read = to_single(reconstruction.detach())
        before = dict(self.named_buffers())
        beta, state = self.rule.update(before, to_single(rows).detach(), read)
        if self.training:
            # A loss that is not finite, whose step should be skipped, would stay in the state.
            usable = rows.detach().isfinite().all()
            for name, value in state.items():
                kept = before[name].to(value.device)
                setattr(self, name, torch.where(usable & value.isfinite(), value, kept))
        self.beta = beta
        return (beta * to_single(rows)).sum(1).mean()
